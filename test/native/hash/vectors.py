"""Makes native/hash/vectors.inc: what the xxhash package says of prefixes of one fixed byte sequence.

Run with: python test/native/hash/vectors.py > native/hash/vectors.inc     (pip install xxhash==4.1.0)
The sequence: x = 1; repeat x = x * 6364136223846793005 + 1442695040888963407 mod 2^64, byte = x >> 56.
"""
import struct

import xxhash

LONG = [1025, 1087, 1088, 1089, 2047, 2048, 2049, 4096, 10000, 65543]
x, data = 1, bytearray()
for _ in range(max(LONG)):
    x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
    data.append(x >> 56)

print(f"// Made by test/native/hash/vectors.py with xxhash {xxhash.VERSION}; see there. {{bytes, XXH64, XXH3-64, XXH3-128 high, low}}")
for n in [*range(1025), *LONG]:
    piece = bytes(data[:n])
    high, low = struct.unpack(">QQ", xxhash.xxh3_128_digest(piece))
    print(f"{{{n}, 0x{xxhash.xxh64_intdigest(piece):x}, 0x{xxhash.xxh3_64_intdigest(piece):x}, 0x{high:x}, 0x{low:x}}},")
