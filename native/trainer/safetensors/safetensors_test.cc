// Oracles: a file that the Python package safetensors 0.6.2 wrote, and the format's own rules for what must be refused. What we write is
// compared with bytes laid out by hand, which the package was seen to read.
#include "native/trainer/safetensors/safetensors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace millrace::trainer {
namespace {

std::vector<uint8_t> file_of(std::string_view header, std::string_view data) {
  std::vector<uint8_t> file(8);
  const uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  file.insert(file.end(), header.begin(), header.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

std::string refusal(std::string_view header, std::string_view data) {
  SafetensorsIndex index;
  return parse_safetensors(file_of(header, data), index).message();
}

template <class T>
std::vector<T> values(const StoredTensor* tensor) {
  if (!tensor) return {};
  std::vector<T> out(tensor->bytes.size() / sizeof(T));
  EXPECT_EQ(copy_values<T>(*tensor, out).message(), "");
  return out;
}

struct Path {
  explicit Path(const char* suffix)
      : path((std::filesystem::temp_directory_path() / ("millrace-safetensors-" + std::to_string(::getpid()) + suffix)).string()) {}
  std::string path;
  ~Path() { std::remove(path.c_str()); }
  std::string read() const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

// save({'b.weight': f32 [2,3], 'a': i64 [2], 'm"x': u8 [3], 's': u64 [], 'empty': f32 [0,4]}, metadata) by the package.
constexpr std::string_view kPackageHeader =
    "{\"__metadata__\":{\"format\":\"pt\",\"k\xc3\xa9y\":\"line\\nbreak \\\"q\\\" \xe2\x80\xa8\"},\"s\":{\"dtype\":\"U64\",\"shape\":[],\"data_offsets\":[0,8]},"
    "\"a\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[8,24]},\"b.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[24,48]},"
    "\"empty\":{\"dtype\":\"F32\",\"shape\":[0,4],\"data_offsets\":[48,48]},\"m\\\"x\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[48,51]}} ";
constexpr std::string_view kPackageData(
    "\x03\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\xf8\xff\xff\xff\xff\xff\xff\xff\0\0\xc0?\0\0\0\xc0\0\0@@\0\0\x80@\0\0\xa0@\0\0\xc8@\xff\0\x03", 51);

}  // namespace

TEST(Safetensors, ReadsWhatThePythonPackageWrites) {
  const auto file = file_of(kPackageHeader, kPackageData);
  ASSERT_EQ(file.size(), 411u);
  SafetensorsIndex index;
  ASSERT_EQ(parse_safetensors(file, index).message(), "");
  EXPECT_EQ(index.metadata, (Metadata{{"format", "pt"}, {"k\xc3\xa9y", "line\nbreak \"q\" \xe2\x80\xa8"}}));
  ASSERT_EQ(index.tensors.size(), 5u);
  EXPECT_EQ(values<float>(index.find("b.weight")), (std::vector<float>{1.5f, -2, 3, 4, 5, 6.25f}));
  EXPECT_EQ(index.find("b.weight")->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(values<int64_t>(index.find("a")), (std::vector<int64_t>{7, -8}));
  EXPECT_EQ(values<uint8_t>(index.find("m\"x")), (std::vector<uint8_t>{255, 0, 3}));
  EXPECT_EQ(values<uint64_t>(index.find("s")), (std::vector<uint64_t>{3}));
  EXPECT_TRUE(index.find("s")->shape.empty());
  EXPECT_TRUE(index.find("empty")->bytes.empty());
  EXPECT_EQ(index.find("b"), nullptr);
  float wrong[2];
  EXPECT_EQ(copy_values<float>(*index.find("a"), wrong).message(), "safetensors: expected a with 2 values of F32, found 2 of I64");
}

TEST(Safetensors, WritesSortedAlignedAndTheSameInAnyOrder) {
  const std::vector<float> f = {1.5f, -2};
  const std::vector<uint8_t> u = {9};
  const std::vector<int64_t> i = {-1};
  const auto first = stored<float>("z", {2, 1}, f), second = stored<uint8_t>("a", {1}, u), third = stored<int64_t>("m", {}, i);
  const Metadata metadata = {{"step", "12"}, {"quote", "\"\\\n"}};
  const Path one("-one"), two("-two");
  ASSERT_EQ(write_safetensors(one.path, std::vector{first, second, third}, metadata).message(), "");
  const std::string bytes = one.read();
  ASSERT_EQ(write_safetensors(two.path, std::vector{third, first, second}, metadata).message(), "");
  EXPECT_EQ(two.read(), bytes);
  uint64_t length;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ((8 + length) % 64, 0u);
  std::string expected =
      R"({"__metadata__":{"quote":"\"\\\u000a","step":"12"},"a":{"dtype":"U8","shape":[1],"data_offsets":[16,17]},)"
      R"("m":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"z":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]}})";
  expected.resize(length, ' ');
  EXPECT_EQ(bytes.substr(8, length), expected);
  EXPECT_EQ(bytes.substr(8 + length), std::string("\xff\xff\xff\xff\xff\xff\xff\xff\0\0\xc0?\0\0\0\xc0\x09", 17));

  SafetensorsFile file;
  ASSERT_EQ(file.open(one.path).message(), "");
  EXPECT_EQ(values<float>(file.find("z")), f);
  EXPECT_EQ(file.metadata, metadata);
  ASSERT_EQ(write_safetensors(two.path, {}, {}).message(), "");
  ASSERT_EQ(file.open(two.path).message(), "");
  EXPECT_TRUE(file.tensors.empty());
}

TEST(Safetensors, RefusesWhatIsNotTheFormat) {
  EXPECT_EQ(refusal("{}", ""), "");
  EXPECT_EQ(refusal("[]", ""), "safetensors: expected '{' at byte 8, found '['");
  EXPECT_EQ(refusal("{", ""), "safetensors: expected '\"' at byte 9, found the end of the header");
  const std::string_view one = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  EXPECT_EQ(refusal(one, "abcd"), "");
  EXPECT_EQ(refusal(one, "abc"), "safetensors: expected tensor a at data offset 0, 4 bytes inside 3, found [0, 4)");
  EXPECT_EQ(refusal(one, "abcde"), "safetensors: expected 4 bytes of data, found 5");
  for (std::string_view header : {
           R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})",                                                       // size
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})",                                                       // backwards
           R"({"a":{"dtype":"F32","shape":[999999999999999999,999999999999999999],"data_offsets":[0,4]}})",                    // overflow
           R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})",                                                      // negative
           R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})",                                                     // not whole
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808]}})",                                     // 2^63
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}})", R"({"a":{"dtype":"F32","shape":[1]}})",             // fields
           R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})",                                         // twice
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":{}}})",                                                // unknown
           R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}})",     // name
           R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",     // overlap
           R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",     // hole
           R"({"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",                                // not a string
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}},)", R"({"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           R"({"a\x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "{\"\xff\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"})
    EXPECT_NE(refusal(header, "abcd"), "") << header;
  SafetensorsIndex index;
  EXPECT_STREQ(parse_safetensors(file_of(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", "a"), index).code(), kUnsupported);
  auto file = file_of("{}", "");
  file[6] = 0xff;
  EXPECT_STREQ(parse_safetensors(file, index).code(), kFormat);
  EXPECT_STREQ(parse_safetensors({}, index).code(), kFormat);
}

// Every prefix and every single changed byte of a good file: an answer, never a read out of bounds (the sanitizer build watches).
TEST(Safetensors, SurvivesDamage) {
  const auto good = file_of(kPackageHeader, kPackageData);
  SafetensorsIndex index;
  for (size_t n = 0; n < good.size(); ++n) {
    const std::vector<uint8_t> cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(n));
    EXPECT_TRUE(static_cast<bool>(parse_safetensors(cut, index))) << n;
  }
  for (size_t i = 0; i < good.size(); ++i)
    for (int flip : {0x01, 0x20, 0x80, 0xff}) {
      auto damaged = good;
      damaged[i] = static_cast<uint8_t>(damaged[i] ^ flip);
      if (parse_safetensors(damaged, index)) continue;
      for (const StoredTensor& t : index.tensors) {
        const auto offset = t.bytes.empty() ? 0 : t.bytes.data() - damaged.data();
        EXPECT_TRUE(offset >= 0 && static_cast<size_t>(offset) + t.bytes.size() <= damaged.size());
      }
    }
}

TEST(Safetensors, RefusesToWriteWhatItCouldNotRead) {
  const std::vector<float> f = {1, 2};
  const Path path("-refused");
  const auto refused = [&](std::vector<StoredTensor> tensors) { return std::string(write_safetensors(path.path, tensors, {}).code()); };
  EXPECT_EQ(refused({stored<float>("a", {3}, f)}), kArgument);
  EXPECT_EQ(refused({stored<float>("a", {-1, -2}, f)}), kArgument);
  EXPECT_EQ(refused({stored<float>("a", {2}, f), stored<float>("a", {2}, f)}), kArgument);
  EXPECT_EQ(refused({stored<float>("__metadata__", {2}, f)}), kArgument);
  EXPECT_EQ(refused({stored<float>("\xff", {2}, f)}), kArgument);
  EXPECT_STREQ(write_safetensors("/nonexistent/folder/file", {}, {}).code(), kIo);
  SafetensorsFile file;
  EXPECT_STREQ(file.open("/nonexistent/folder/file").code(), kIo);
}

}  // namespace millrace::trainer
