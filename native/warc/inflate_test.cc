// The oracle is zlib, loaded at run time where the machine has it: same bytes, same streams refused, whatever the pieces.
#include "native/warc/inflate.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace millrace::warc {
namespace {

struct ZStream {  // zlib.h's z_stream
  const uint8_t* next_in;
  unsigned avail_in;
  unsigned long total_in;
  uint8_t* next_out;
  unsigned avail_out;
  unsigned long total_out;
  const char* msg;
  void* state;
  void* zalloc;
  void* zfree;
  void* opaque;
  int data_type;
  unsigned long adler;
  unsigned long reserved;
};

struct Zlib {
  void* library = dlopen("libz.so.1", RTLD_NOW);
  template <class F>
  F* find(const char* name) { return reinterpret_cast<F*>(dlsym(library, name)); }
  int (*deflate_init)(ZStream*, int, int, int, int, int, const char*, int) = find<int(ZStream*, int, int, int, int, int, const char*, int)>("deflateInit2_");
  int (*deflate)(ZStream*, int) = find<int(ZStream*, int)>("deflate");
  int (*deflate_end)(ZStream*) = find<int(ZStream*)>("deflateEnd");
  int (*inflate_init)(ZStream*, int, const char*, int) = find<int(ZStream*, int, const char*, int)>("inflateInit2_");
  int (*inflate)(ZStream*, int) = find<int(ZStream*, int)>("inflate");
  int (*inflate_end)(ZStream*) = find<int(ZStream*)>("inflateEnd");
  unsigned long (*crc)(unsigned long, const uint8_t*, unsigned) = find<unsigned long(unsigned long, const uint8_t*, unsigned)>("crc32");

  std::string compress(const std::string& text, int level, int strategy) {
    ZStream s{};
    deflate_init(&s, level, 8, -15, 8, strategy, "1.2.11", sizeof s);
    std::string out(text.size() + text.size() / 100 + 4096, 0);
    s.next_in = reinterpret_cast<const uint8_t*>(text.data());
    s.avail_in = static_cast<unsigned>(text.size());
    s.next_out = reinterpret_cast<uint8_t*>(out.data());
    s.avail_out = static_cast<unsigned>(out.size());
    EXPECT_EQ(deflate(&s, 4), 1);
    out.resize(s.total_out);
    deflate_end(&s);
    return out;
  }
  // 1 whole, 0 cut short, -1 bad; the output is meaningful where it is whole.
  int decompress(const std::string& in, std::string& out) {
    ZStream s{};
    inflate_init(&s, -15, "1.2.11", sizeof s);
    static std::vector<uint8_t> room(1 << 22);
    s.next_in = reinterpret_cast<const uint8_t*>(in.data());
    s.avail_in = static_cast<unsigned>(in.size());
    s.next_out = room.data();
    s.avail_out = static_cast<unsigned>(room.size());
    const int result = inflate(&s, 2);
    out.assign(reinterpret_cast<char*>(room.data()), s.total_out);
    inflate_end(&s);
    return result == 1 ? 1 : result == -3 ? -1 : 0;
  }
};

// As Zlib::decompress; `piece` is how much input is added a call, and output goes through a small buffer that keeps 32 KiB.
int decompress(const std::string& in, std::string& out, size_t piece, size_t room) {
  static Inflater inflater;
  inflater.reset();
  out.clear();
  // Exact copies of what was offered, so that a sanitizer sees every read beyond it.
  std::vector<uint8_t> buffer(32768 + Inflater::kSpare + room);
  uint8_t* at = buffer.data();
  size_t taken = 0, offered = std::min(piece, in.size());
  for (int turns = 0; turns < 10000000; ++turns) {
    const std::vector<uint8_t> input(in.begin() + static_cast<ptrdiff_t>(taken), in.begin() + static_cast<ptrdiff_t>(offered));
    const uint8_t* from = input.data();
    uint8_t* const before = at;
    const auto result = inflater.run(from, input.data() + input.size(), buffer.data(), at, buffer.data() + buffer.size());
    taken += static_cast<size_t>(from - input.data());
    out.append(reinterpret_cast<char*>(before), static_cast<size_t>(at - before));
    if (result == Inflater::Result::done) return 1;
    if (result == Inflater::Result::bad) return -1;
    if (result == Inflater::Result::need_input) {
      if (offered == in.size()) return 0;
      offered = std::min(offered + piece, in.size());
    }
    const size_t made = static_cast<size_t>(at - buffer.data());
    if (made > 32768 && buffer.size() - made < Inflater::kSpare + room / 2) {
      std::memmove(buffer.data(), at - 32768, 32768);
      at = buffer.data() + 32768;
    }
  }
  return -2;
}

std::string sample(std::mt19937_64& random, int kind, size_t size) {
  std::string text;
  while (text.size() < size) {
    switch (kind) {
      case 0: text += static_cast<char>(random()); break;
      case 1: text += "<p class=\"x" + std::to_string(random() % 50) + "\">" + std::string(random() % 9, static_cast<char>('a' + random() % 26)) + "</p>\n"; break;
      case 2: text += std::string(random() % 600, static_cast<char>('a' + random() % 3)); break;
      case 3: text += static_cast<char>(random() % 2 ? random() % 256 : 'a' + random() % 2); break;
      default: {
        const size_t period = 1 + random() % 20;
        std::string unit;
        for (size_t i = 0; i < period; ++i) unit += static_cast<char>(random());
        for (size_t i = random() % 40; i > 0; --i) text += unit;
      }
    }
  }
  text.resize(size);
  return text;
}

class Inflate : public testing::Test {
 protected:
  static Zlib& zlib() {
    static Zlib library;
    return library;
  }
  void SetUp() override {
    if (!zlib().library) GTEST_SKIP() << "no libz.so.1 to compare with";
  }
};

TEST_F(Inflate, GivesBackWhatZlibCompressed) {
  std::mt19937_64 random(1);
  for (int turn = 0; turn < 200; ++turn) {
    const std::string text = sample(random, turn % 5, random() % (turn % 10 ? 20000 : 400000));
    const std::string packed = zlib().compress(text, static_cast<int>(random() % 10), static_cast<int>(random() % 5));
    for (size_t piece : {packed.size() + 1, size_t{4096}, 1 + random() % 600}) {
      std::string out;
      ASSERT_EQ(decompress(packed, out, piece, 1 + random() % 5000), 1) << turn << ' ' << piece;
      ASSERT_TRUE(out == text) << turn << ' ' << piece;
    }
  }
}

TEST_F(Inflate, RefusesWhatZlibRefuses) {
  std::mt19937_64 random(2);
  int refused = 0;
  for (int turn = 0; turn < 6000; ++turn) {
    std::string packed = zlib().compress(sample(random, turn % 5, random() % 2000), static_cast<int>(random() % 10), static_cast<int>(random() % 5));
    for (size_t i = 1 + random() % 3; i > 0; --i) packed[random() % std::min<size_t>(packed.size(), turn % 2 ? 80 : 5000)] ^= static_cast<char>(1u << random() % 8);
    if (turn % 3 == 0) packed.resize(random() % (packed.size() + 1));
    std::string theirs, ours;
    const int expected = zlib().decompress(packed, theirs), found = decompress(packed, ours, packed.size() + 1, 4000);
    refused += expected == -1;
    // A stream that is cut short may be bad as well: which of the two is said is not compared.
    ASSERT_EQ(found == 1, expected == 1) << turn;
    ASSERT_GE(found, -1) << turn;
    if (expected == 1) { ASSERT_TRUE(ours == theirs) << turn; }
  }
  EXPECT_GT(refused, 1000);
}

TEST_F(Inflate, NoiseNeverHangs) {
  std::mt19937_64 random(3);
  for (int turn = 0; turn < 6000; ++turn) {
    const std::string noise = sample(random, 0, random() % 300);
    std::string theirs, ours;
    const int expected = zlib().decompress(noise, theirs), found = decompress(noise, ours, 1 + random() % 400, 700);
    ASSERT_EQ(found == 1, expected == 1) << turn;
    ASSERT_GE(found, -1);
  }
}

TEST_F(Inflate, ChecksumsAreZlibs) {
  std::mt19937_64 random(4);
  for (int turn = 0; turn < 2000; ++turn) {
    const std::string text = sample(random, 0, random() % (turn % 4 ? 1000 : 9000));
    const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
    const size_t cut = text.empty() ? 0 : random() % text.size();
    const uint32_t whole = crc32(0, bytes, text.size());
    ASSERT_EQ(whole, zlib().crc(0, bytes, static_cast<unsigned>(text.size())));
    ASSERT_EQ(crc32(crc32(0, bytes, cut), bytes + cut, text.size() - cut), whole);
  }
}

}  // namespace
}  // namespace millrace::warc
