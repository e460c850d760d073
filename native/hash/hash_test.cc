// Oracles: the xxhash package (vectors.inc, made by test/native/hash/vectors.py) and FIPS 180's published SHA-1 values.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "native/base/cpu.h"
#include "native/hash/seeded.h"
#include "native/hash/sha1.h"
#include "native/hash/xxh3.h"
#include "native/hash/xxh64.h"

namespace millrace::hash {
namespace {

struct Vector {
  size_t bytes;
  uint64_t xxh64, xxh3_64, high, low;
};
const Vector kVectors[] = {
#include "native/hash/vectors.inc"
};

std::string sequence(size_t bytes) {
  std::string out;
  uint64_t x = 1;
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>((x = x * 6364136223846793005ull + 1442695040888963407ull) >> 56));
  return out;
}

std::string hex(std::span<const uint8_t> bytes) {
  std::string out;
  for (uint8_t byte : bytes) out += "0123456789abcdef"[byte >> 4], out += "0123456789abcdef"[byte & 15];
  return out;
}

TEST(Xxh, AgreesWithThePackageAtEveryLengthOnEveryInstructionSet) {
  const std::string data = sequence(65543);
  const Isa before = active_isa();
  for (Isa isa : available_isas()) {
    set_isa(isa);
    for (const Vector& v : kVectors) {
      const std::vector<char> exact(data.begin(), data.begin() + static_cast<long>(v.bytes));  // so that a sanitizer sees a read past the end
      const std::string_view piece(exact.data(), exact.size());
      ASSERT_EQ(xxh64(piece), v.xxh64) << v.bytes;
      ASSERT_EQ(xxh3_64(piece), v.xxh3_64) << v.bytes << " " << name(isa);
      ASSERT_EQ(xxh3_128(piece), (Hash128{v.low, v.high})) << v.bytes << " " << name(isa);
    }
  }
  set_isa(before);
}

TEST(Xxh, CanonicalFormSortsLikeTheNumber) {
  uint8_t out[16];
  canonical({0x0102030405060708ull, 0x1112131415161718ull}, out);
  EXPECT_EQ(hex(out), "11121314151617180102030405060708");
}

TEST(Sha1, AgreesWithFips180) {
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(hex(sha1(std::string(1000000, 'a'))), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(SeededHash, IsXxh3OfSeedIdAndPurpose) {
  std::vector<uint8_t> ids(40);  // two ids and half of one
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<uint8_t>(i);
  const auto hashes = seeded_hash(7, ids, "shuffle");
  ASSERT_EQ(hashes.size(), 2u);
  std::string message("\7\0\0\0\0\0\0\0", 8);
  message.append(reinterpret_cast<const char*>(ids.data()) + 16, 16);
  EXPECT_EQ(hashes[1], xxh3_64(message + "shuffle"));
  EXPECT_NE(seeded_hash(8, ids, "shuffle"), hashes);
  EXPECT_NE(seeded_hash(7, ids, "split"), hashes);
}

}  // namespace
}  // namespace millrace::hash
