// The list of active formatting elements and the adoption agency (13.2.4.3 and 13.2.6.4.7).
#include <algorithm>

#include "native/html/builder.h"

namespace millrace::html {

void Builder::reconstruct() {
  if (formatting_.empty()) return;
  size_t first = formatting_.size();
  while (first > 0 && formatting_[first - 1].node != kNoNode && !is_open(formatting_[first - 1].node)) --first;
  spend(formatting_.size() - first);
  for (; first < formatting_.size(); ++first) {
    if (too_deep() || tree_->nodes.size() >= limits_.max_nodes) {
      tree_->cuts |= kCutDepth;
      return;
    }
    const NodeId node = clone(formatting_[first].node);
    attach(node, insertion_place());
    push(node);
    formatting_[first].node = node;
  }
}

// Pushes, and forgets the oldest of more than three alike behind the last marker ("Noah's Ark").
void Builder::push_formatting(NodeId node) {
  const auto& nodes = tree_->nodes;
  const auto alike = [&](const Node& a, const Node& b) {
    if (a.tag != b.tag || a.attribute_count != b.attribute_count) return false;
    for (uint32_t i = 0; i < a.attribute_count; ++i) {
      const Attribute& x = tree_->attributes[a.attributes + i];
      bool found = false;
      for (uint32_t j = 0; j < b.attribute_count && !found; ++j) {
        const Attribute& y = tree_->attributes[b.attributes + j];
        found = x.id == y.id && x.value.size == y.value.size && tree_->name(x) == tree_->name(y) && tree_->text(x.value) == tree_->text(y.value);
      }
      if (!found) return false;
    }
    return true;
  };
  size_t count = 0, oldest = 0, first = formatting_.size();
  while (first > 0 && formatting_[first - 1].node != kNoNode) {
    --first;
    spend(1);
    if (alike(nodes[formatting_[first].node], nodes[node])) ++count, oldest = first;
  }
  if (count >= 3) {
    formatting_.erase(formatting_.begin() + static_cast<ptrdiff_t>(oldest));
  } else if (formatting_.size() - first >= limits_.max_formatting) {
    tree_->cuts |= kCutFormatting;
    formatting_.erase(formatting_.begin() + static_cast<ptrdiff_t>(first));
  }
  formatting_.push_back({node, nodes[node].tag});
}

void Builder::clear_to_marker() {
  while (!formatting_.empty()) {
    const bool marker = formatting_.back().node == kNoNode;
    formatting_.pop_back();
    if (marker) return;
  }
}

int Builder::formatting_with_tag(uint16_t tag) const {
  for (size_t i = formatting_.size(); i-- > 0 && formatting_[i].node != kNoNode;)
    if (formatting_[i].tag == tag) return static_cast<int>(i);
  return -1;
}

int Builder::formatting_of(NodeId node) const {
  for (size_t i = formatting_.size(); i-- > 0;) {
    spend(1);
    if (formatting_[i].node == node) return static_cast<int>(i);
  }
  return -1;
}

void Builder::adoption_agency(const Token& token) {
  if (current_is(token.tag) && formatting_of(current()) < 0) return pop();
  for (int i = 0; i < 8; ++i)
    if (!adopt_once(token)) return;
}

// One round of the outer loop; false when the agency is done.
bool Builder::adopt_once(const Token& token) {
  const int entry = formatting_with_tag(token.tag);
  if (entry < 0) return end_any_other(token), false;
  auto entry_at = [&](size_t i) { return formatting_.begin() + static_cast<ptrdiff_t>(i); };
  const NodeId formatting = formatting_[static_cast<size_t>(entry)].node;
  if (!is_open(formatting)) return formatting_.erase(entry_at(static_cast<size_t>(entry))), false;
  if (!in_scope_node(formatting)) return false;
  size_t formatting_slot = open_.size();
  while (open_[--formatting_slot] != formatting) spend(1);
  size_t block_slot = formatting_slot + 1;
  while (block_slot < open_.size() && !(tag_flags(open_keys_[block_slot]) & kSpecial)) ++block_slot;
  spend(block_slot - formatting_slot);
  if (block_slot == open_.size()) {
    pop_to(formatting_slot);
    formatting_.erase(entry_at(static_cast<size_t>(entry)));
    return false;
  }
  if (tree_->nodes.size() + open_.size() >= limits_.max_nodes) return false;
  const NodeId block = open_[block_slot], ancestor = formatting_slot > 0 ? open_[formatting_slot - 1] : 0;
  size_t bookmark = static_cast<size_t>(entry);  // the new entry goes behind this one
  const NodeId last = adopt_between(block_slot, formatting_slot, bookmark);
  detach(last);
  const uint16_t k = formatting_slot > 0 ? open_keys_[formatting_slot - 1] : 0;
  if (k == tag::table || k == tag::tbody || k == tag::tfoot || k == tag::thead || k == tag::tr) attach(last, foster_place());
  else attach(last, {ancestor, kNoNode});

  const NodeId fresh = clone(formatting);
  auto& nodes = tree_->nodes;
  nodes[fresh].first_child = nodes[block].first_child;
  nodes[fresh].last_child = nodes[block].last_child;
  nodes[block].first_child = nodes[block].last_child = kNoNode;
  for (NodeId child = nodes[fresh].first_child; child != kNoNode; child = nodes[child].next) {
    nodes[child].parent = fresh;
    spend(1);
  }
  attach(fresh, {block, kNoNode});
  formatting_.insert(entry_at(bookmark) + 1, {fresh, token.tag});
  const int old = formatting_of(formatting);
  if (old >= 0) formatting_.erase(entry_at(static_cast<size_t>(old)));

  remove_open(formatting);
  size_t slot = open_.size();
  while (slot > 0 && open_[slot - 1] != block) --slot;
  spend(open_.size() - slot);
  open_.insert(open_.begin() + static_cast<ptrdiff_t>(slot), fresh);
  open_keys_.insert(open_keys_.begin() + static_cast<ptrdiff_t>(slot), key(fresh));
  ++open_count_[key(fresh)];
  nodes[fresh].flags |= kOpen;
  return true;
}

// The inner loop: from the furthest block down to the formatting element. Returns "last node".
NodeId Builder::adopt_between(size_t block_slot, size_t formatting_slot, size_t& bookmark) {
  const NodeId block = open_[block_slot];
  NodeId last = block;
  size_t slot = block_slot;
  for (int count = 1; --slot > formatting_slot; ++count) {
    const NodeId node = open_[slot];
    const int entry = formatting_of(node);
    if (entry < 0 || count > 3) {
      if (entry >= 0) {
        formatting_.erase(formatting_.begin() + entry);
        if (static_cast<size_t>(entry) < bookmark) --bookmark;
      }
      remove_open(node);
      continue;
    }
    const NodeId fresh = clone(node);
    tree_->nodes[node].flags &= static_cast<uint16_t>(~kOpen);
    tree_->nodes[fresh].flags |= kOpen;
    open_[slot] = fresh;
    formatting_[static_cast<size_t>(entry)].node = fresh;
    if (last == block) bookmark = static_cast<size_t>(entry);
    detach(last);
    attach(last, {fresh, kNoNode});
    last = fresh;
  }
  return last;
}

}  // namespace millrace::html
