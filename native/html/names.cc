// Name -> number by one multiplication and, nearly always, one probe. The tables are made by the compiler.
#include "native/html/names.h"

#include <array>
#include <cstring>

namespace millrace::html {
namespace {

constexpr std::string_view kTags[] = {
    "",
#define TAG(id, text) text,
#define SVG(lower, proper) #lower, #proper,
#include "native/html/tags.inc"
#undef TAG
#undef SVG
};
constexpr std::string_view kAttributes[] = {
    "",
#define ATTRIBUTE(id, text) text,
#define PREFIXED(id, text) text,
#define ADJUSTED(lower, proper) #lower, #proper,
#include "native/html/attributes.inc"
#undef ATTRIBUTE
#undef PREFIXED
#undef ADJUSTED
};
static_assert(std::size(kTags) == tag::count && std::size(kAttributes) == attr::count);

constexpr size_t kSlots = 1024;  // at most a quarter full
constexpr size_t slot_of(uint64_t word, size_t size) { return ((word ^ size << 57) * 0x9e3779b97f4a7c15u) >> 54; }

// name_word() for the compiler, which has no memcpy.
constexpr uint64_t word_of(std::string_view name) {
  const auto at = [&](size_t i) { return uint64_t(static_cast<uint8_t>(name[i])); };
  const size_t n = name.size(), tail = (n < 8 ? n : 8) - 4;
  if (n >= 4)
    return at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24 | at(tail) << 32 | at(tail + 1) << 40 | at(tail + 2) << 48 | at(tail + 3) << 56;
  return n == 0 ? 0 : at(0) | at(n / 2) << 8 | at(n - 1) << 16;
}

constexpr bool is_lower(std::string_view name) {
  for (char c : name)
    if (c >= 'A' && c <= 'Z') return false;
  return true;
}

// The name's word beside its number: a look-up reads one line of cache, and compares bytes of names longer than a word alone.
struct Slot {
  uint64_t word = 0;
  uint16_t id = 0;
  uint16_t size = 0;
};

template <size_t N>
constexpr std::array<Slot, kSlots> slots(const std::string_view (&names)[N]) {
  std::array<Slot, kSlots> table{};
  for (size_t id = 1; id < N; ++id) {
    if (!is_lower(names[id])) continue;
    const uint64_t word = word_of(names[id]);
    size_t slot = slot_of(word, names[id].size());
    while (table[slot].id) slot = (slot + 1) % kSlots;
    table[slot] = {word, static_cast<uint16_t>(id), static_cast<uint16_t>(names[id].size())};
  }
  return table;
}
constexpr auto kTagSlots = slots(kTags);
constexpr auto kAttributeSlots = slots(kAttributes);

uint16_t find(const std::array<Slot, kSlots>& table, const std::string_view* names, const char* name, size_t size) {
  const uint64_t word = name_word(name, size);
  for (size_t slot = slot_of(word, size); table[slot].id; slot = (slot + 1) % kSlots) {
    const auto& candidate = table[slot];
    if (candidate.word == word && candidate.size == size && (size <= 8 || std::memcmp(names[candidate.id].data() + 8, name + 8, size - 8) == 0))
      return candidate.id;
  }
  return 0;
}

}  // namespace

std::string_view tag_name(uint16_t id) { return id < tag::count ? kTags[id] : std::string_view(); }
std::string_view attribute_name(uint16_t id) { return id < attr::count ? kAttributes[id] : std::string_view(); }
uint16_t find_tag(const char* name, size_t size) { return find(kTagSlots, kTags, name, size); }
uint16_t find_attribute(const char* name, size_t size) { return find(kAttributeSlots, kAttributes, name, size); }

}  // namespace millrace::html
