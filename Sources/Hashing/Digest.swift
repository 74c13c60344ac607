import CCrypto

/// SHA-256, HMAC-SHA-256 and SHA-1, through libcrypto.
package enum Digest {
    private static let length = Int(SHA256_DIGEST_LENGTH)

    /// The SHA-256 of the bytes, 32 bytes long.
    package static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var output = [UInt8](repeating: 0, count: length)
        _ = unsafe SHA256(input, input.count, &output)
        return output
    }

    /// SHA-1, which the AWS CLI names the files of its single sign-on cache with; good for nothing that is secret.
    package static func sha1(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var output = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        _ = unsafe SHA1(input, input.count, &output)
        return output
    }

    /// The HMAC-SHA-256 of the bytes under `key`, 32 bytes long.
    package static func hmac(key: [UInt8], _ bytes: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var output = [UInt8](repeating: 0, count: length)
        _ = unsafe HMAC(EVP_sha256(), key, CInt(key.count), input, input.count, &output, nil)
        return output
    }

    /// Lower-case hexadecimal, as signatures write it.
    package static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
