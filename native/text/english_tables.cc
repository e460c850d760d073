#include "native/text/english_tables.h"

#include <algorithm>
#include <span>

namespace millrace::text::english {
namespace {

struct Range {
  uint32_t first, last;
};
struct Phrase {
  uint16_t exception;
  uint8_t parts[kMostParts];
};
#include "native/text/english_tables.inc"

std::vector<uint16_t> make_traits() {
  std::vector<uint16_t> traits(0x110000);
  const auto mark = [&](std::span<const Range> ranges, Trait bit) {
    for (const auto& [first, last] : ranges)
      for (uint32_t code = first; code <= last; ++code) traits[code] |= bit;
  };
  mark(kPrefixRanges, kPrefix);
  mark(kSuffixRanges, kSuffix);
  mark(kInfixRanges, kInfix);
  mark(kAlphaRanges, kAlpha);
  mark(kLowerRanges, kLower);
  mark(kUpperAlphaRanges, kUpperAlpha);
  mark(kQuoteRanges, kQuote);
  mark(kBeforeStopRanges, kBeforeStop);
  mark(kMarkRanges, kMark);
  mark(kSpanEndRanges, kSpanEnd);
  mark(kMeasureEndRanges, kMeasureEnd);
  return traits;
}

}  // namespace

const Tables& Tables::get() {
  static const Tables tables;
  return tables;
}

Tables::Tables() : all_traits_(make_traits()) {
  traits = all_traits_.data();
  exceptions_.fill(kNone);
  for (uint16_t place = 0; place < std::size(kExceptions); ++place) {
    const std::string_view text = kExceptions[place].text;
    const uint32_t bit = filter_bit(text);
    filter_[bit >> 6] |= uint64_t{1} << (bit & 63);
    size_t slot = hash_bytes(text) % exceptions_.size();
    while (exceptions_[slot] != kNone) slot = (slot + 1) % exceptions_.size();
    exceptions_[slot] = place;
  }
  for (size_t i = 0; i < std::size(kParts); ++i) {
    const auto number = static_cast<uint8_t>(i + 1);
    if (kParts[i].size() == 1) single_[static_cast<uint8_t>(kParts[i][0])] = number;
    size_t slot = hash_bytes(kParts[i]) % parts_.size();
    while (parts_[slot] != 0) slot = (slot + 1) % parts_.size();
    parts_[slot] = number;
  }
  nodes_.emplace_back();
  for (const Phrase& phrase : kPhrases) {
    uint16_t node = 0;
    for (size_t i = 0; i < kMostParts && phrase.parts[i] != 0; ++i) {
      const uint8_t part = phrase.parts[i];
      if (i > 0) {
        pairs_[phrase.parts[i - 1]][part >> 6] |= uint64_t{1} << (part & 63);
        precedes_[phrase.parts[i - 1]] = follows_[part] = true;
      }
      uint16_t next = step(node, part);
      if (next == 0) {
        next = static_cast<uint16_t>(nodes_.size());
        nodes_[node].next.emplace_back(part, next);
        nodes_.emplace_back();
      }
      node = next;
    }
    nodes_[node].exception = phrase.exception;
  }
}

const Exception& Tables::exception(uint16_t place) const { return kExceptions[place]; }

std::vector<std::string_view> Tables::exceptions() const {
  std::vector<std::string_view> all;
  for (const Exception& each : kExceptions) all.push_back(each.text);
  return all;
}

std::span<const std::string_view> Tables::parts() const { return kParts; }

uint16_t Tables::find_exception(std::string_view text) const {
  for (size_t slot = hash_bytes(text) % exceptions_.size(); exceptions_[slot] != kNone; slot = (slot + 1) % exceptions_.size())
    if (kExceptions[exceptions_[slot]].text == text) return exceptions_[slot];
  return kNone;
}

uint8_t Tables::find_part(std::string_view text) const {
  for (size_t slot = hash_bytes(text) % parts_.size(); parts_[slot] != 0; slot = (slot + 1) % parts_.size())
    if (kParts[parts_[slot] - 1] == text) return parts_[slot];
  return 0;
}

uint16_t Tables::step(uint16_t node, uint8_t part) const {
  for (const auto& [on, next] : nodes_[node].next)
    if (on == part) return next;
  return 0;
}

bool falls_apart(const Tables& tables, std::string_view chunk, size_t open, size_t mark) {
  const size_t size = chunk.size(), behind = size - mark;
  const auto is_exception = [&](size_t from, size_t to) { return tables.exception(chunk.substr(from, to - from)) != kNone; };
  if (is_exception(0, size)) return false;
  if (open + mark == 0) return true;
  if (is_exception(open, behind) || (open && is_exception(open, size)) || (mark && is_exception(0, behind))) return false;
  const uint8_t core = tables.part(chunk.substr(open, behind - open));
  if (core == 0) return true;
  return !(open && tables.neighbours(tables.part(chunk.substr(0, 1)), core)) && !(mark && tables.neighbours(core, tables.part(chunk.substr(behind))));
}

bool Tables::measure(std::string_view text) const { return std::binary_search(std::begin(kMeasures), std::end(kMeasures), text); }

}  // namespace millrace::text::english
