#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::html {

// Numbers of element names (tags.inc). 0 is every other name; its text then stands in the tree's buffer.
namespace tag {
enum Id : uint16_t {
  unknown,
#define TAG(id, text) id,
#define SVG(lower, proper) lower, proper,
#include "native/html/tags.inc"
#undef TAG
#undef SVG
  count
};
}  // namespace tag

// Numbers of attribute names (attributes.inc). 0 is every other name.
namespace attr {
enum Id : uint16_t {
  unknown,
#define ATTRIBUTE(id, text) id,
#define PREFIXED(id, text) id,
#define ADJUSTED(lower, proper) lower, proper,
#include "native/html/attributes.inc"
#undef ATTRIBUTE
#undef PREFIXED
#undef ADJUSTED
  count
};
inline constexpr uint16_t kFirstPrefixed = xlink_actuate, kFirstAdjusted = definitionurl;
}  // namespace attr

enum class Ns : uint8_t { html, svg, math };

// The name of a number, case as in the tree ("clipPath"); empty for 0.
std::string_view tag_name(uint16_t id);
std::string_view attribute_name(uint16_t id);

// The number of a lower-case name, 0 if it has none. Adjusted names are not found: the tokenizer never sees them.
uint16_t find_tag(const char* name, size_t size);
uint16_t find_attribute(const char* name, size_t size);

// "Adjust SVG tag names" and "adjust MathML / SVG attributes": the proper-case number of a lower-case one, or the number itself.
inline uint16_t svg_tag(uint16_t id) { return id >= tag::altglyph && (id - tag::altglyph) % 2 == 0 ? id + 1 : id; }
inline uint16_t foreign_attribute(uint16_t id, Ns ns) {
  if (id < attr::kFirstAdjusted || ns == Ns::html || (id - attr::kFirstAdjusted) % 2) return id;
  return (id == attr::definitionurl) == (ns == Ns::math) ? id + 1 : id;
}

// True for attributes that have a namespace in foreign content ("adjust foreign attributes"): xlink:*, xml:lang, xml:space, xmlns.
inline bool is_prefixed(uint16_t id) { return id >= attr::kFirstPrefixed && id < attr::kFirstAdjusted; }

// Up to eight bytes of a name as one word. With the size it determines names of at most 8 bytes; longer ones must be compared.
inline uint64_t name_word(const char* p, size_t size) {
  const auto at = [p](size_t i) { return uint64_t(static_cast<uint8_t>(p[i])); };
  if (size >= 4) {
    uint32_t head, tail;
    __builtin_memcpy(&head, p, 4);
    __builtin_memcpy(&tail, p + (size < 8 ? size : 8) - 4, 4);
    return head | uint64_t(tail) << 32;
  }
  if (size == 0) return 0;
  return at(0) | at(size / 2) << 8 | at(size - 1) << 16;
}

}  // namespace millrace::html
