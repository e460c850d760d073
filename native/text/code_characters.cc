#include "native/text/code_characters.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "native/text/characters.h"
#include "native/text/eight.h"

namespace millrace::text {
namespace {

double share(double part, double whole) { return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : part / whole; }

struct Classes {
  uint64_t letters = 0, alphanumerics = 0;
};

// Eight ASCII bytes at a time: a byte's high bit tells whether it lies in a range, and byte-wide counters are emptied before they overflow.
Classes count_classes(std::string_view text) {
  const uint8_t* classes = class_table();
  Classes counts;
  size_t i = 0;
  while (i < text.size()) {
    uint64_t letters = 0, digits = 0;
    bool ascii = true;
    for (int round = 0; round < 255 && i + 8 <= text.size(); ++round, i += 8) {
      uint64_t word;
      std::memcpy(&word, text.data() + i, 8);
      if (word & kHigh) {
        ascii = false;
        break;
      }
      letters += within(word | 0x20 * kOnes, 'a', 'z') >> 7;
      digits += within(word, '0', '9') >> 7;
    }
    const auto sum = [](uint64_t bytes) { return (bytes & 0x00ff00ff00ff00ffull) + ((bytes >> 8) & 0x00ff00ff00ff00ffull); };
    const uint64_t few = sum(letters) * 0x0001000100010001ull >> 48, more = sum(digits) * 0x0001000100010001ull >> 48;
    counts.letters += few;
    counts.alphanumerics += few + more;
    if (ascii && i + 8 <= text.size()) continue;
    for (const size_t stop = std::min(text.size(), i + 8); i < stop;) {
      const auto [code, bytes] = decode(text.data() + i);
      counts.letters += (classes[code] & kLetter) != 0;
      counts.alphanumerics += (classes[code] & kAlphanumeric) != 0;
      i += bytes;
    }
  }
  return counts;
}

}  // namespace

void measure_code_characters(std::string_view text, CodeStatistics& out) {
  const auto total = static_cast<double>(count_characters(text));
  const auto [letters, alphanumerics] = count_classes(text);
  out[kCodeMeanLine] = share(total, out[kCodeLines]);
  out[kCodeLetters] = share(static_cast<double>(letters), total);
  out[kCodeAlphanumerics] = share(static_cast<double>(alphanumerics), total);
}

bool opens_with_licence(std::string_view text) {
  std::string head(text.substr(0, 512));
  for (char& c : head) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  head.erase(std::unique(head.begin(), head.end(), [](char a, char b) { return a == ' ' && b == ' '; }), head.end());
  for (const char* phrase : {"permission is hereby granted, free of charge", "permission to use, copy, modify, and", "apache license version 2.0", "gnu general public license", "gnu lesser general public license",
                             "redistribution and use in source and binary forms", "mozilla public license", "mit license", "isc license", "bsd 3-clause license",
                             "bsd 2-clause license", "this is free and unencumbered software", "boost software license", "creative commons"})
    if (head.find(phrase) != std::string::npos) return true;
  return false;
}

}  // namespace millrace::text
