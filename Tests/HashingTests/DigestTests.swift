import Hashing
import TestSupport
import Testing

/// The vectors of FIPS 180-4 and RFC 4231, and texts around the size of a block.
@Suite struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (String(repeating: "a", count: 56), "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
        (String(repeating: "a", count: 63), "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
        (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        (String(repeating: "a", count: 65), "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"),
        ("\u{0}", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
    ])
    func `SHA-256 is that of the standard`(_ text: String, hex: String) {
        #expect(Digest.hex(Digest.sha256(Array(text.utf8))) == hex)
        #expect(Digest.hex(Digest.sha256(text.utf8)) == hex, "of any sequence of bytes")
    }

    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
        ("https://example.awsapps.com/start", "e8be5486177c5b5392bd9aa76563515b29358e6e"),
        (String(repeating: "a", count: 64), "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
    ])
    func `SHA-1 is that of the standard`(_ text: String, hex: String) {
        #expect(Digest.hex(Digest.sha1(text.utf8)) == hex)
    }

    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                Array(1...25), [UInt8](repeating: 0xCD, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
            (
                [UInt8](repeating: 0xAA, count: 64), Array("x".utf8),
                "ce3c639dcb9d8baae5d44c3b8b5e233faab4d1860e07489af5c84f213998bd79"
            ),
            (
                [UInt8](repeating: 0xAA, count: 65), Array("x".utf8),
                "c2b9a0a013df029c7d812c5ac18388feef0194ee64fcc5f321d149c06137caa3"
            ),
        ] as [([UInt8], [UInt8], String)]
    )
    func `HMAC-SHA-256 is that of the standard, with keys of any length`(
        _ key: [UInt8],
        _ bytes: [UInt8],
        hex: String
    ) {
        #expect(Digest.hex(Digest.hmac(key: key, bytes)) == hex)
    }

    @Test func `hexadecimal has two lower-case digits for each byte`() {
        #expect(Digest.hex([]) == "")
        #expect(Digest.hex([0x00, 0x0A, 0x9F, 0xA0, 0xFF]) == "000a9fa0ff")
        for byte in UInt8.min...UInt8.max {
            #expect(UInt8(Digest.hex([byte]), radix: 16) == byte)
        }
    }

    @Test func `one bit more or less gives another digest`() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let bytes = Array(random.text("ab", 1...200).utf8)
            var other = bytes
            other[Int.random(in: other.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            if Digest.sha256(bytes) == Digest.sha256(other) { Issue.record("\(bytes)") }
            if Digest.sha256(bytes) != Digest.sha256(bytes[...]) { Issue.record("\(bytes)") }
            if Digest.hmac(key: bytes, other) == Digest.hmac(key: other, bytes) { Issue.record("\(bytes)") }
        }
    }
}
