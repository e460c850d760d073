#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "native/base/error.h"

namespace millrace::trainer {

// A cursor over the JSON that a safetensors header may be: objects of strings, arrays of whole numbers. Nothing recurses, nothing is
// skipped: what a header does not need is an error. Positions in errors count bytes of the file.
class JsonCursor {
 public:
  JsonCursor(std::string_view text, size_t base) : text_(text), base_(base) {}

  // Skips white space; takes the character if it is the next one.
  bool take(char c);
  Error expect(char c);
  // A string with its escapes resolved; valid UTF-8 only.
  Error string(std::string& out);
  // A whole number in [0, 2^63).
  Error number(int64_t& out);
  // Nothing but white space is left.
  Error end();
  Error fail(const std::string& expected) const;

 private:
  void skip();
  Error escape(std::string& out);
  Error hex(uint32_t& out);

  std::string_view text_;
  size_t base_;
  size_t at_ = 0;
};

// The string in quotes, with `"`, `\` and control characters escaped.
void append_json_string(std::string& out, std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace millrace::trainer
