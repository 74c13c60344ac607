#pragma once

// Libcrypto's own replacement for these looks its algorithms up at each call, which takes longer than a short hash.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/sha.h>
#include <string.h>

static inline void ccrypto_sha256(const void *bytes, size_t count, unsigned char *output) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes, count);
    SHA256_Final(output, &context);
}

static inline void ccrypto_sha1(const void *bytes, size_t count, unsigned char *output) {
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, bytes, count);
    SHA1_Final(output, &context);
}

/// HMAC-SHA-256 as RFC 2104 defines it.
static inline void ccrypto_hmac_sha256(
    const void *key, size_t key_count, const void *bytes, size_t count, unsigned char *output
) {
    unsigned char block[SHA256_CBLOCK] = {0};
    if (key_count > sizeof block) {
        ccrypto_sha256(key, key_count, block);
    } else if (key_count > 0) {
        memcpy(block, key, key_count);
    }
    for (size_t index = 0; index < sizeof block; index++) block[index] ^= 0x36;
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, block, sizeof block);
    SHA256_Update(&context, bytes, count);
    SHA256_Final(output, &context);
    for (size_t index = 0; index < sizeof block; index++) block[index] ^= 0x36 ^ 0x5C;
    SHA256_Init(&context);
    SHA256_Update(&context, block, sizeof block);
    SHA256_Update(&context, output, SHA256_DIGEST_LENGTH);
    SHA256_Final(output, &context);
}
