#pragma once
#include <algorithm>

#include "native/extract/page.h"

namespace millrace::extract {

// The lists and quotes around a block, followed from block to block in document order. Every ancestor is looked at once a page.
class Nesting {
 public:
  struct Level {
    NodeId node = kNoNode;   // li or blockquote
    NodeId list = kNoNode;   // of an item: its parent
    bool item = false, ordered = false;
    uint32_t number = 0;     // of an item of an ordered list
    bool other = false;      // its list follows another ordered one without anything between: Markdown tells them apart by their marks
  };

  // Levels beyond `max` are followed, but not shown.
  Nesting(const Page& page, uint32_t max) : tree_(page.tree), max_(max), around_(page.tree.nodes.size()) {}

  // Goes to the block within `container`.
  void move(NodeId container);

  // Shown levels around the current block, outermost first, and how many of them were already around the one before.
  size_t size() const { return std::min<size_t>(levels_.size(), max_); }
  size_t common() const { return std::min<size_t>(common_, max_); }
  size_t previous_size() const { return std::min<size_t>(previous_size_, max_); }
  const Level& operator[](size_t i) const { return levels_[i]; }
  // The level before, at the place of the first new one: where the list is the same, the next item of one list begins. Null if none.
  const Level* left() const { return common_ < previous_size_ && common_ < max_ ? &left_ : nullptr; }
  // True where the first new level is the next item of the list that the block before was in.
  bool next_item() const {
    return left() && common() < size() && left_.item && levels_[common_].item && left_.list == levels_[common_].list;
  }

 private:
  static constexpr NodeId kUnknown = kNoNode - 1;
  static constexpr uint32_t kUnnumbered = ~0u;

  struct Around {
    NodeId node = kUnknown;  // the nearest li or blockquote, the node itself included
    uint32_t depth = 0;      // of such nodes, counted from 0
    uint32_t number = kUnnumbered;  // of an item of an ordered list, once the list was counted
  };

  const Around& around(NodeId id);
  Level level(NodeId id);

  const Tree& tree_;
  const uint32_t max_;
  std::vector<Around> around_;
  std::vector<Level> levels_;
  std::vector<NodeId> added_, climbed_;
  Level left_;
  size_t common_ = 0, previous_size_ = 0;
};

}  // namespace millrace::extract
