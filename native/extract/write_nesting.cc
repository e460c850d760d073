#include "native/extract/write_nesting.h"

#include <algorithm>

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr uint32_t kMaxNumber = 999'999'999;  // nine digits: the longest that Markdown takes for a list's number

bool is(const Node& node, uint16_t id) { return node.kind == html::Kind::element && node.ns == html::Ns::html && node.tag == id; }

// A number of an attribute; `other` where it is none that a list can begin with.
uint32_t number_of(std::string_view value, uint32_t other) {
  while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
  uint32_t number = 0;
  size_t i = 0;
  for (; i < value.size() && value[i] >= '0' && value[i] <= '9'; ++i) {
    number = number * 10 + static_cast<uint32_t>(value[i] - '0');
    if (number > kMaxNumber) return other;
  }
  return i ? number : other;
}

}  // namespace

const Nesting::Around& Nesting::around(NodeId id) {
  climbed_.clear();
  NodeId at = id;
  for (; at != kNoNode && around_[at].node == kUnknown; at = tree_[at].parent) climbed_.push_back(at);
  NodeId nearest = at == kNoNode ? kNoNode : around_[at].node;
  uint32_t depth = at == kNoNode ? 0 : around_[at].depth;
  for (size_t i = climbed_.size(); i-- > 0;) {
    const Node& node = tree_[climbed_[i]];
    if (is(node, tag::li) || is(node, tag::blockquote)) {
      depth = nearest == kNoNode ? 0 : depth + 1;
      nearest = climbed_[i];
    }
    around_[climbed_[i]].node = nearest;
    around_[climbed_[i]].depth = depth;
  }
  return around_[id];
}

Nesting::Level Nesting::level(NodeId id) {
  Level level;
  level.node = id;
  level.item = is(tree_[id], tag::li);
  if (!level.item) return level;
  level.list = tree_[id].parent;
  level.ordered = level.list != kNoNode && is(tree_[level.list], tag::ol);
  if (level.ordered && around_[id].number == kUnnumbered) {
    // All items at once, so that a list is counted once.
    uint32_t next = number_of(tree_.value(tree_[level.list], attr::start), 1);
    for (NodeId item = tree_[level.list].first_child; item != kNoNode; item = tree_[item].next) {
      if (!is(tree_[item], tag::li)) continue;
      const uint32_t number = std::min(number_of(tree_.value(tree_[item], attr::value), next), kMaxNumber);
      around_[item].number = number;
      next = number + 1;
    }
  }
  if (level.ordered) level.number = around_[id].number;
  return level;
}

void Nesting::move(NodeId container) {
  previous_size_ = levels_.size();
  added_.clear();
  NodeId at = container == kNoNode ? kNoNode : around(container).node;
  while (at != kNoNode && !(around_[at].depth < levels_.size() && levels_[around_[at].depth].node == at)) {
    added_.push_back(at);
    const NodeId parent = tree_[at].parent;
    at = parent == kNoNode ? kNoNode : around(parent).node;
  }
  common_ = at == kNoNode ? 0 : around_[at].depth + 1;
  if (common_ < levels_.size()) left_ = levels_[common_];
  levels_.resize(common_);
  for (size_t i = added_.size(); i-- > 0;) levels_.push_back(level(added_[i]));
  if (left() && common_ < levels_.size() && left_.ordered && levels_[common_].ordered)
    levels_[common_].other = left_.list == levels_[common_].list ? left_.other : !left_.other;
}

}  // namespace millrace::extract
