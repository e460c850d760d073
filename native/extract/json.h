#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::extract {

// JSON as pages carry it, read into one flat array in document order. Looser than RFC 8259 where pages are: control characters inside
// strings, trailing and missing commas, comments, text behind the value. What cannot be read ends the reading; the values before it stay.
// Not recursive; nesting, values and bytes are capped, and work is linear in the text. The text must outlive the reader.

struct JsonLimits {
  uint32_t max_bytes = 16u << 20;   // of the text; the rest is not read
  uint32_t max_values = 1u << 17;   // reading ends there
  uint32_t max_depth = 256;         // open arrays and objects; reading ends there
};

class Json {
 public:
  using Id = uint32_t;
  static constexpr Id kNone = 0xffffffff;
  enum class Type : uint8_t { literal, number, string, array, object };

  struct Value {
    uint32_t key = 0, key_size = 0;  // in the text, without quotes and as written; a member of an object alone has one
    uint32_t offset = 0, size = 0;   // in the text; a string without quotes and as written
    Id parent = kNone, child = kNone, next = kNone;
    Type type = Type::literal;
  };

  // Reads the first value of `text`. False if something was not JSON or went over a limit; what was read before is there.
  // Where a string holds bare quotes ("a "word" there"), the text is read again with quotes that end nothing taken as text.
  bool read(std::string_view text, const JsonLimits& limits = {});

  bool empty() const { return values_.empty(); }
  uint32_t size() const { return static_cast<uint32_t>(values_.size()); }
  const Value& operator[](Id id) const { return values_[id]; }
  std::string_view key(Id id) const { return text_.substr(values_[id].key, values_[id].key_size); }
  bool is(Id id, Type type) const { return id != kNone && values_[id].type == type; }

  // A member of an object by name; kNone where there is none, or `object` is none.
  Id member(Id object, std::string_view name) const;
  // As written: escapes stay. Empty for arrays and objects.
  std::string_view raw(Id id) const;
  // A string or number with its escapes resolved, appended; nothing for other values. At most `cap` bytes are read.
  void append(Id id, std::string& out, size_t cap = SIZE_MAX) const;

 private:
  bool attempt(const JsonLimits& limits, bool bare_quotes);
  std::string_view text_;
  std::vector<Value> values_;
  std::vector<std::pair<Id, Id>> open_;  // container, its last child
};

// Resolves the escapes of a JSON (or JavaScript) string, appended. A lone surrogate becomes U+FFFD.
void append_unescaped(std::string_view written, std::string& out);

// Where the string whose opening quote stands in front of `at` ends: the position of its closing quote, or the text's size.
size_t end_of_string(std::string_view text, size_t at, char quote);

}  // namespace millrace::extract
