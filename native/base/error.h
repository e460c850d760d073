#pragma once
#include <string>
#include <utility>

namespace millrace {

// An error is a value: a stable code and one sentence that says what was expected and what was found.
// Native code returns it; it never prints, throws across the boundary or aborts.
class [[nodiscard]] Error {
 public:
  Error() = default;
  Error(const char* code, std::string message) : code_(code), message_(std::move(message)) {}
  static Error none() { return {}; }

  explicit operator bool() const { return code_ != nullptr; }  // true where something went wrong
  const char* code() const { return code_ ? code_ : ""; }
  const std::string& message() const { return message_; }

 private:
  const char* code_ = nullptr;
  std::string message_;
};

// Codes that several domains share. A domain adds its own beside its functions, in the same style.
inline constexpr const char* kShape = "SHAPE";        // lengths or shapes disagree
inline constexpr const char* kArgument = "ARGUMENT";  // a value outside its range
inline constexpr const char* kIo = "IO";              // the operating system refused
inline constexpr const char* kFormat = "FORMAT";      // bytes that are not what they should be
inline constexpr const char* kMemory = "MEMORY";      // more than the planned memory
inline constexpr const char* kUnsupported = "UNSUPPORTED";

}  // namespace millrace

#define MILLRACE_TRY(expression)                       \
  do {                                                 \
    if (::millrace::Error error_ = (expression); error_) return error_; \
  } while (0)
