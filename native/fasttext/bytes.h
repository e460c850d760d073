#pragma once
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "native/base/error.h"

// Reads and writes the little-endian fields of a model file. A reader never leaves its bytes: it says what is missing and where.
namespace millrace::fasttext {

inline constexpr const char* kBadModel = "BAD_MODEL";  // bytes that are no fastText model that can be used here

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <class T>
  Error number(T& value, const char* what) {
    std::span<const uint8_t> field;
    MILLRACE_TRY(take(sizeof(T), what, field));
    std::memcpy(&value, field.data(), sizeof(T));
    return Error::none();
  }

  // A flag is one byte, 0 or 1.
  Error flag(bool& value, const char* what) {
    uint8_t byte = 0;
    MILLRACE_TRY(number(byte, what));
    if (byte > 1) return wrong(std::string(what) + " to be 0 or 1", std::to_string(byte), at_ - 1);
    value = byte == 1;
    return Error::none();
  }

  Error take(uint64_t size, const char* what, std::span<const uint8_t>& field) {
    if (size > bytes_.size() - at_)
      return wrong(std::to_string(size) + " bytes of " + what, std::to_string(bytes_.size() - at_) + " before the end of the file", at_);
    field = bytes_.subspan(at_, size);
    at_ += size;
    return Error::none();
  }

  // Bytes up to a zero, which is read too.
  Error word(std::string_view& value, const char* what) {
    const auto* start = bytes_.data() + at_;
    const auto* end = at_ < bytes_.size() ? static_cast<const uint8_t*>(std::memchr(start, 0, bytes_.size() - at_)) : nullptr;
    if (!end) return wrong(std::string(what) + " that ends with a zero", "the end of the file", at_);
    value = {reinterpret_cast<const char*>(start), static_cast<size_t>(end - start)};
    at_ += value.size() + 1;
    return Error::none();
  }

  size_t at() const { return at_; }
  size_t left() const { return bytes_.size() - at_; }

  Error wrong(const std::string& expected, const std::string& found, size_t at) const {
    return {kBadModel, "model, byte " + std::to_string(at) + ": expected " + expected + ", found " + found};
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

template <class T>
void append(std::vector<uint8_t>& out, const T& value) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof(T));
}

}  // namespace millrace::fasttext
