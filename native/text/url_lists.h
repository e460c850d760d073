#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/error.h"

namespace millrace::text {

// A set of strings for lists of millions: bytes in pages, one 4-byte slot for each 0.5 to 0.75 of an entry. Strings hold no newline.
class StringSet {
 public:
  static constexpr size_t kLongest = 8192;

  // At most kLongest bytes. kMemory above 4 GiB or 2^30 entries.
  Error add(std::string_view text);
  void finish();  // makes the table; `contains` is of use only afterwards
  bool contains(std::string_view text) const;
  bool empty() const { return starts_ == 0; }
  size_t size() const { return size_; }
  size_t bytes() const { return pages_.size() * kPage + slots_.size() * sizeof(uint32_t); }

 private:
  static constexpr size_t kPage = 1 << 16;
  std::string_view at(uint32_t place) const;

  std::vector<std::unique_ptr<char[]>> pages_;
  std::vector<uint32_t> used_;  // bytes of each page
  size_t starts_ = 0, size_ = 0;
  std::vector<uint32_t> slots_;  // place + 1
};

// Aho and Corasick's automaton over [a-z0-9]; it only says whether any word occurs.
class Automaton {
 public:
  Automaton() : states_(1) {}
  void add(std::string_view word);
  void finish();
  bool finds(std::string_view text) const;
  bool empty() const { return states_.size() == 1; }
  size_t states() const { return states_.size(); }

 private:
  static constexpr int kSymbols = 36;
  static int symbol(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }
  struct State {
    std::array<uint32_t, kSymbols> next{};
    bool final = false;
  };
  std::vector<State> states_;
};

}  // namespace millrace::text
