#include <algorithm>
#include <array>
#include <cmath>

#include "native/extract/features.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr struct {
  std::string_view words;
} kGroups[] = {
#define GROUP(id, words) {words},
#include "native/extract/groups.inc"
#undef GROUP
};

// Hash of a word or of two in a row ("more_from").
constexpr uint32_t pair_hash(uint32_t first, uint32_t second) { return (first * 0x9e3779b1u) ^ (second + 0x7f4a7c15u); }

struct Entry {
  uint32_t hash = 0;
  uint64_t groups = 0;
};
constexpr size_t kTableBits = 11;

constexpr auto kTable = [] {
  std::array<Entry, 1 << kTableBits> table{};
  for (size_t g = 0; g < std::size(kGroups); ++g) {
    auto rest = kGroups[g].words;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(' '), rest.size());
      const auto word = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto bar = word.find('_');
      const auto h = bar == word.npos ? word_hash(word) : pair_hash(word_hash(word.substr(0, bar)), word_hash(word.substr(bar + 1)));
      size_t at = (h * 0x85ebca6bu) >> (32 - kTableBits);
      while (table[at].hash != 0 && table[at].hash != h) at = (at + 1) & ((1 << kTableBits) - 1);
      table[at].hash = h;
      table[at].groups |= uint64_t(1) << g;
    }
  }
  return table;
}();

uint64_t groups_of(uint32_t h) {
  for (size_t at = (h * 0x85ebca6bu) >> (32 - kTableBits); kTable[at].hash != 0; at = (at + 1) & ((1 << kTableBits) - 1))
    if (kTable[at].hash == h) return kTable[at].groups;
  return 0;
}

bool has_style(std::string_view style, std::string_view property, std::string_view value) {
  for (size_t at = style.find(property); at != style.npos; at = style.find(property, at + 1)) {
    size_t i = at + property.size();
    while (i < style.size() && (is_space(style[i]) || style[i] == ':')) ++i;
    if (style.compare(i, value.size(), value) == 0) return true;
  }
  return false;
}

bool is_hidden(const Tree& tree, const Node& node) {
  if (const auto* hidden = tree.find(node, attr::hidden)) return tree.text(hidden->value) != "until-found";
  const auto style = tree.value(node, attr::style);
  if (!style.empty() && (has_style(style, "display", "none") || has_style(style, "visibility", "hidden"))) return true;
  return node.tag != tag::a && tree.value(node, attr::aria_hidden) == "true";
}

}  // namespace

// Words of one attribute: runs of letters, split where a small letter meets a capital.
static void read_words(std::string_view text, uint32_t salt, Slot& slot, std::vector<uint32_t>& tokens, uint32_t& signature) {
  uint32_t h = 2166136261u, length = 0, last = 0;
  const auto end = [&] {
    if (length) {
      if (length < 24) {
        tokens.push_back(h ^ salt);
        slot.groups |= groups_of(h);
        if (last) slot.groups |= groups_of(pair_hash(last, h));
      }
      signature = (signature ^ h) * 16777619u;
      last = h;
    }
    h = 2166136261u;
    length = 0;
  };
  bool small = false;
  for (char c : text.substr(0, 512)) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool lower = c >= 'a' && c <= 'z';
    if (upper && small) end();
    if (upper || lower) {
      h = (h ^ static_cast<uint8_t>(c | 32)) * 16777619u;
      ++length;
    } else {
      end();
      if (is_space(c)) last = 0;
    }
    small = lower;
  }
  end();
}

void Features::read_names(const Page& page, Slot& slot) {
  const auto& tree = page.tree;
  const auto& node = tree[slot.node];
  slot.hidden = is_hidden(tree, node);
  slot.linked_element = node.tag == tag::a;
  // Siblings mostly say the same: an element that has a class and nothing else that is read shares the last such one's words.
  std::string_view classes;
  bool others = false;
  for (uint32_t i = node.attributes; i < node.attributes + node.attribute_count; ++i) {
    const auto& a = tree.attributes[i];
    if (a.id == attr::class_ && classes.empty()) classes = tree.text(a.value);
    else others = others || a.id == attr::class_ || a.id == attr::id || a.id == attr::role || a.id == attr::itemprop || a.id == attr::itemtype || a.id == attr::aria_label;
  }
  Seen* seen = nullptr;
  if (!others) {
    seen = &seen_[(node.tag * 31u + classes.size() + (classes.empty() ? 0u : static_cast<uint8_t>(classes.back()) * 7u)) % std::size(seen_)];
    if (seen->slot < slots.size() && slots[seen->slot].node == seen->node && tree[seen->node].tag == node.tag && seen->classes == classes) {
      const Slot& same = slots[seen->slot];
      slot.first_token = same.first_token;
      slot.tokens = same.tokens;
      slot.signature = same.signature;
      slot.groups = same.groups;
      return;
    }
  }
  slot.first_token = static_cast<uint32_t>(slot_tokens.size());
  uint32_t signature = 2166136261u ^ node.tag;
  slot_tokens.push_back(0x51ed270bu * (node.tag + 1u));
  for (uint32_t i = node.attributes; i < node.attributes + node.attribute_count; ++i) {
    const auto& a = tree.attributes[i];
    if (a.id == attr::class_) {
      read_words(tree.text(a.value), 0, slot, slot_tokens, signature);
    } else if (a.id == attr::id) {
      uint32_t aside = 0;
      read_words(tree.text(a.value), 0, slot, slot_tokens, aside);
    } else if (a.id == attr::role || a.id == attr::itemprop || a.id == attr::itemtype || a.id == attr::aria_label) {
      read_words(tree.text(a.value), a.id * 0x9e3779b1u, slot, slot_tokens, signature);
    }
  }
  slot.tokens = static_cast<uint32_t>(slot_tokens.size()) - slot.first_token;
  slot.signature = signature;
  if (seen) *seen = {static_cast<uint32_t>(slots.size()), slot.node, classes};
}

// Elements around blocks, from the outermost on, with what stands below each.
void Features::read_slots(const Page& page, std::span<const Block> blocks) {
  const auto& tree = page.tree;
  slots.clear();
  slot_tokens.clear();
  seen_.fill({});
  slot_of.resize(blocks.size());
  slot_index_.assign(tree.nodes.size(), 0);
  std::array<NodeId, 1024> chain;
  // Blocks that hang on the document itself have it for a container.
  if (!blocks.empty() && blocks[0].container == 0) {
    slots.push_back({});
    slots.back().node = 0;
    slot_index_[0] = 1;
  }
  for (size_t b = 0; b < blocks.size(); ++b) {
    size_t count = 0;
    NodeId id = blocks[b].container;
    // 0 is no slot yet; the first slot made is of the root, and its index is kept as 1.
    while (id != 0 && id != kNoNode && slot_index_[id] == 0 && count < chain.size()) chain[count++] = id, id = tree[id].parent;
    uint32_t parent = id == kNoNode || slot_index_[id] == 0 ? 0 : slot_index_[id] - 1;
    while (count) {
      Slot slot;
      slot.node = chain[--count];
      slot.parent = parent;
      slot.depth = slots.empty() ? 0 : static_cast<uint16_t>(slots[parent].depth + 1);
      slot.first_block = static_cast<uint32_t>(b);
      read_names(page, slot);
      if (!slots.empty()) {
        slot.hidden = slot.hidden || slots[parent].hidden;
        slot.linked_element = slot.linked_element || slots[parent].linked_element;
      }
      parent = static_cast<uint32_t>(slots.size());
      slots.push_back(slot);
      slot_index_[slot.node] = parent + 1;
    }
    slot_of[b] = parent;
  }
}

// Readability's scoring over blocks (extraction.md 3.4): prose gives points to what is around it, less the further out; links take them away.
void Features::score_slots() {
  std::vector<Slot>& s = slots;
  for (size_t b = 0; b < stats.size(); ++b) {
    const auto& t = stats[b];
    if (t.mass < 25) continue;
    const float points = (1 + float(t.commas) + std::min(t.mass / 100, 3.f)) * (1 - t.linked / t.mass);
    uint32_t at = slot_of[b];
    // The container itself is the paragraph: its parent is the first candidate.
    float weight = 1;
    for (int level = 0; level < 5 && at != 0; ++level) {
      at = s[at].parent;
      s[at].score += points * weight;
      weight = level == 0 ? 0.5f : 1.f / (3.f * float(level + 1));
    }
  }
  best = 0;
  float top = -1;
  constexpr uint64_t bad = 1ull << group::navigation | 1ull << group::side | 1ull << group::foot | 1ull << group::share | 1ull << group::related |
                           1ull << group::cookie | 1ull << group::comment | 1ull << group::popup;
  constexpr uint64_t good = 1ull << group::article | 1ull << group::body | 1ull << group::main;
  for (size_t i = 0; i < s.size(); ++i) {
    float score = s[i].score * (s[i].mass > 0 ? 1 - s[i].linked / s[i].mass : 0);
    if (s[i].groups & bad) score *= 0.6f;
    if (s[i].groups & good) score *= 1.2f;
    if (s[i].hidden) score *= 0.5f;
    s[i].score = score;
    if (score > top) top = score, best = static_cast<uint32_t>(i);
  }
}

}  // namespace millrace::extract
