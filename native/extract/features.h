#pragma once
#include <array>
#include <span>

#include "native/extract/grouped.h"
#include "native/extract/stats.h"

namespace millrace::extract {

// What the models see. Names and order are those of features.inc and part of the weights' format (model.h): a change there needs new weights.

namespace feature {
enum Id : uint16_t {
#define FEATURE(id) id,
#include "native/extract/features.inc"
#undef FEATURE
  count
};
}  // namespace feature

// Groups of words in class, id, role and itemprop, by what designers use them for (groups.inc).
namespace group {
enum Id : uint8_t {
#define GROUP(id, words) id,
#include "native/extract/groups.inc"
#undef GROUP
  count
};
}  // namespace group

const char* feature_name(size_t id);

// An element that holds blocks, with sums over all blocks below it. Parents come before their children.
struct Slot {
  NodeId node = kNoNode;
  uint32_t parent = 0;
  uint16_t depth = 0;
  uint32_t first_block = 0, blocks = 0, paragraphs = 0, headings = 0, own_blocks = 0;
  float mass = 0, linked = 0, prose = 0;  // prose: of blocks that look like sentences
  uint64_t groups = 0;                    // bits of group::Id
  uint32_t signature = 0;                 // of tag and classes, digits aside
  uint32_t first_token = 0, tokens = 0;   // range of Features::slot_tokens
  bool hidden = false, linked_element = false;
  float score = 0;                        // how likely it is the content's root
};

// All storage is kept from page to page.
class Features {
 public:
  // `url` may be empty. `unread`: see read_stats.
  void read(const Page& page, std::span<const Block> blocks, std::string_view url, bool unread = false);

  size_t blocks() const { return stats.size(); }
  const float* row(size_t block) const { return values.data() + block * feature::count; }
  float* row(size_t block) { return values.data() + block * feature::count; }

  std::vector<float> values;  // blocks x feature::count
  std::vector<Stats> stats;   // one a block
  std::vector<uint32_t> slot_of;  // of a block's container
  std::vector<Slot> slots;
  std::vector<uint32_t> slot_tokens;  // hashes of words of class, id, role, itemprop and tag
  Words words;
  uint32_t best = 0;  // slot with the highest score
  uint32_t title_block = kNoNode;  // the heading that repeats <title>, or the first h1

 private:
  void read_slots(const Page& page, std::span<const Block> blocks);
  void read_names(const Page& page, Slot& slot);
  void score_slots();
  void fill(const Page& page, std::span<const Block> blocks, std::string_view url);

  // Where an element's names were read, by tag and class.
  struct Seen {
    uint32_t slot = UINT32_MAX;
    NodeId node = kNoNode;
    std::string_view classes;
  };
  std::array<Seen, 128> seen_;
  std::vector<uint32_t> slot_index_;
  std::vector<uint8_t> distances_;  // slots x group::count
  std::vector<uint8_t> tag_distances_;
  Grouped grouped_;
};

}  // namespace millrace::extract
