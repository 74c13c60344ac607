import CCrypto

/// SHA-256, HMAC-SHA-256 and SHA-1, through libcrypto.
package enum Digest {
    private static let length = Int(SHA256_DIGEST_LENGTH)

    /// The SHA-256 of the bytes, 32 bytes long.
    package static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        sha256(Array(bytes))
    }

    /// The SHA-256 of an array, which is not copied.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: length) { output, count in
            unsafe ccrypto_sha256(bytes, bytes.count, output.baseAddress)
            count = length
        }
    }

    /// SHA-1. The AWS CLI names the files of its single sign-on cache with it. It must not be used for security.
    package static func sha1(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(SHA_DIGEST_LENGTH)) { output, count in
            unsafe ccrypto_sha1(input, input.count, output.baseAddress)
            count = Int(SHA_DIGEST_LENGTH)
        }
    }

    /// The HMAC-SHA-256 of the bytes under `key`, 32 bytes long.
    package static func hmac(key: [UInt8], _ bytes: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        return unsafe [UInt8](unsafeUninitializedCapacity: length) { output, count in
            unsafe ccrypto_hmac_sha256(key, key.count, input, input.count, output.baseAddress)
            count = length
        }
    }

    /// Lower-case hexadecimal, as signatures write it.
    package static func hex(_ bytes: [UInt8]) -> String {
        unsafe String(unsafeUninitializedCapacity: bytes.count * 2) { output in
            for (index, byte) in bytes.enumerated() {
                unsafe output[index * 2] = digit(byte >> 4)
                unsafe output[index * 2 + 1] = digit(byte & 15)
            }
            return bytes.count * 2
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x57 + value
    }
}
