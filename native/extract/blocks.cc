#include "native/extract/blocks.h"

#include <array>

namespace millrace::extract {
namespace {

namespace tag = html::tag;

class Finder {
 public:
  Finder(const Page& page, std::vector<Block>& blocks) : page_(page), tree_(page.tree), blocks_(blocks) {}

  void run(NodeId root) {
    root_ = root;
    container_ = root;
    NodeId id = tree_[root].first_child;
    while (id != kNoNode) {
      if (enter(id) && tree_[id].first_child != kNoNode) {
        id = tree_[id].first_child;
        continue;
      }
      // Leave this node and every ancestor that ends here.
      while (true) {
        leave(id);
        if (tree_[id].next != kNoNode) {
          id = tree_[id].next;
          break;
        }
        id = tree_[id].parent;
        if (id == root || id == kNoNode) {
          flush(kNoNode == id ? kNoNode : tree_.behind(root));
          return;
        }
      }
    }
    flush(tree_.behind(root));
  }

 private:
  // True where the children are to be visited.
  bool enter(NodeId id) {
    const auto& node = tree_[id];
    if (node.kind == html::Kind::text) {
      begin(id);
      if (!blank(tree_.text(node.range))) shows_ = true, breaks_ = 0;
      return false;
    }
    if (node.kind != html::Kind::element) return false;
    switch (page_.role[id]) {
      case Role::skip:
        return false;
      case Role::formula:
        return rescued(id, BlockKind::formula);
      case Role::code:
        return rescued(id, BlockKind::code);
      case Role::table:
        alone(id, BlockKind::table);
        return false;
      case Role::none:
        break;
    }
    if (is_left_out(node.tag)) return false;
    if (node.tag == tag::br) {
      // Two in a row are the border between paragraphs of pages that know no p.
      if (++breaks_ >= 2 && shows_) flush(id);
      return false;
    }
    if (node.tag == tag::hr) {
      flush(id);
      return false;
    }
    if (is_block(tree_, id)) {
      flush(id);
      container_ = id;
      if (node.tag >= tag::h1 && node.tag <= tag::h6) level_ = static_cast<uint8_t>(node.tag - tag::h1 + 1);
      return true;
    }
    begin(id);
    return true;
  }

  void leave(NodeId id) {
    const auto& node = tree_[id];
    if (node.kind != html::Kind::element || container_ != id) return;
    flush(tree_.behind(id));
    if (node.tag >= tag::h1 && node.tag <= tag::h6) level_ = 0;
    container_ = node.parent;
    while (container_ != root_ && !is_block(tree_, container_)) container_ = tree_[container_].parent;
  }

  bool rescued(NodeId id, BlockKind kind) {
    if (page_.at(id).block) {
      alone(id, kind);
    } else {
      begin(id);
      if (!page_.at(id).text.empty()) shows_ = true, breaks_ = 0;
    }
    return false;
  }

  void alone(NodeId id, BlockKind kind) {
    flush(id);
    if (blocks_.size() < kMaxBlocks) blocks_.push_back({id, id, blocks_.size() + 1 == kMaxBlocks ? kNoNode : tree_.behind(id), kind, 0});
  }

  void begin(NodeId id) {
    if (first_ == kNoNode) first_ = id;
  }

  void flush(NodeId end) {
    // Behind the last one that is allowed everything is one more block, so that no text is lost.
    if (blocks_.size() >= kMaxBlocks) return;
    if (shows_) {
      const bool last = blocks_.size() + 1 == kMaxBlocks;
      blocks_.push_back({container_, first_, last ? kNoNode : end, level_ ? BlockKind::heading : BlockKind::text, level_});
    }
    first_ = kNoNode;
    shows_ = false;
    breaks_ = 0;
  }

  static bool blank(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (is_space(text[i])) continue;
      // NBSP and the zero-width characters are two and three bytes.
      if (text.compare(i, 2, "\xc2\xa0") == 0) {
        ++i;
      } else if (text.compare(i, 3, "\xe2\x80\x8b") == 0 || text.compare(i, 3, "\xef\xbb\xbf") == 0) {
        i += 2;
      } else {
        return false;
      }
    }
    return true;
  }

  const Page& page_;
  const Tree& tree_;
  std::vector<Block>& blocks_;
  NodeId root_ = 0, container_ = 0, first_ = kNoNode;
  bool shows_ = false;
  int breaks_ = 0;
  uint8_t level_ = 0;
};

}  // namespace

void find_blocks(const Page& page, std::vector<Block>& blocks) {
  blocks.clear();
  const auto& tree = page.tree;
  NodeId root = 0;
  for (NodeId id = tree[0].first_child; id != kNoNode; id = tree[id].next)
    if (tree[id].kind == html::Kind::element) root = id;
  // A frameset or nothing at all: the document itself, of which only what shows counts.
  for (NodeId id = tree[root].first_child; id != kNoNode; id = tree[id].next)
    if (tree[id].tag == tag::body && tree[id].kind == html::Kind::element) root = id;
  Finder(page, blocks).run(root);
}

}  // namespace millrace::extract
