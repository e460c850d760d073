// Nodes, the stack of open elements and where a node goes.
#include "native/html/builder.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace millrace::html {
namespace {

constexpr size_t kKeys = 3 * 1024;

constexpr std::array<uint8_t, kKeys> all_flags() {
  std::array<uint8_t, kKeys> flags{};
  using namespace tag;
  for (int t : {address, applet,   area,      article,  aside,   base,     basefont, bgsound,   blockquote, body,       br,     button, caption,
                center,  col,      colgroup,  dd,       details, dir,      div,      dl,        dt,         embed,      fieldset, figcaption, figure,
                footer,  form,     frame,     frameset, h1,      h2,       h3,       h4,        h5,         h6,         head,   header, hgroup,
                hr,      html,     iframe,    img,      input,   li,       link,     listing,   main,       marquee,    menu,   meta,   nav,
                noembed, noframes, noscript,  object,   ol,      p,        param,    plaintext, pre,        script,     section, select, source,
                style,   summary,  table,     tbody,    td,      template_, textarea, tfoot,    th,         thead,      title,  tr,     track,
                ul,      wbr,      xmp})
    flags[t] |= kSpecial;
  for (int t : {address, div, p}) flags[t] |= kItemPass;
  for (int t : {applet, caption, html, marquee, object, table, td, template_, th}) flags[t] |= kScope;
  for (int t : {ol, ul}) flags[t] |= kListScope;
  flags[button] |= kButtonScope;
  for (int t : {table, template_, html}) flags[t] |= kTableScope;
  for (int t : {tbody, tfoot, thead, template_, html}) flags[t] |= kBodyContext;
  for (int t : {tr, template_, html}) flags[t] |= kRowContext;
  for (int t : {desc, foreignObject, title}) flags[1024 + t] |= kSpecial | kScope;
  for (int t : {annotation_xml, mi, mn, mo, ms, mtext}) flags[2048 + t] |= kSpecial | kScope;
  return flags;
}
constexpr auto kFlags = all_flags();
static_assert(static_cast<int>(Ns::svg) == 1 && static_cast<int>(Ns::math) == 2);

bool is_table_part(uint16_t t) {
  return t == tag::tbody || t == tag::tfoot || t == tag::thead || t == tag::tr || t == tag::td || t == tag::th || t == tag::caption ||
         t == tag::colgroup;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b;
         });
}

}  // namespace

uint8_t tag_flags(uint16_t key) { return key < kKeys ? kFlags[key] : 0; }

NodeId Builder::new_node(Kind kind) {
  const auto id = static_cast<NodeId>(tree_->nodes.size());
  tree_->nodes.emplace_back();
  tree_->nodes.back().kind = kind;
  return id;
}

NodeId Builder::new_element(const Token& token, Ns ns) {
  const NodeId id = new_node(Kind::element);
  Node& node = tree_->nodes[id];
  node.ns = ns;
  node.tag = token.tag;
  node.range = token.range;
  node.attributes = token.attributes;
  node.attribute_count = token.attribute_count;
  if (ns == Ns::math && token.tag == tag::annotation_xml) {
    const auto encoding = tree_->value(node, attr::encoding);
    if (equals_ignoring_case(encoding, "text/html") || equals_ignoring_case(encoding, "application/xhtml+xml")) node.flags |= kHtmlIntegration;
  }
  return id;
}

NodeId Builder::clone(NodeId element) {
  const NodeId id = new_node(Kind::element);
  Node& node = tree_->nodes[id];
  const Node& from = tree_->nodes[element];
  node.ns = from.ns;
  node.tag = from.tag;
  node.range = from.range;
  node.attributes = from.attributes;
  node.attribute_count = from.attribute_count;
  return id;
}

void Builder::attach(NodeId id, Place place) {
  auto& nodes = tree_->nodes;
  Node &node = nodes[id], &parent = nodes[place.parent];
  node.parent = place.parent;
  node.next = place.before;
  node.previous = place.before == kNoNode ? parent.last_child : nodes[place.before].previous;
  (node.previous == kNoNode ? parent.first_child : nodes[node.previous].next) = id;
  (place.before == kNoNode ? parent.last_child : nodes[place.before].previous) = id;
}

void Builder::detach(NodeId id) {
  auto& nodes = tree_->nodes;
  Node& node = nodes[id];
  if (node.parent == kNoNode) return;
  Node& parent = nodes[node.parent];
  (node.previous == kNoNode ? parent.first_child : nodes[node.previous].next) = node.next;
  (node.next == kNoNode ? parent.last_child : nodes[node.next].previous) = node.previous;
  node.parent = node.next = node.previous = kNoNode;
}

// "Appropriate place for inserting a node". A template's contents are its children here.
Builder::Place Builder::insertion_place() const {
  if (foster_) {
    const uint16_t k = current_key();
    if (k == tag::table || k == tag::tbody || k == tag::tfoot || k == tag::thead || k == tag::tr) return foster_place();
  }
  return {current(), kNoNode};
}

Builder::Place Builder::foster_place() const {
  const int table = topmost(tag::table), holder = topmost(tag::template_);
  if (holder > table) return {open_[static_cast<size_t>(holder)], kNoNode};
  if (table < 0) return {open_.empty() ? 0 : open_[0], kNoNode};
  const NodeId node = open_[static_cast<size_t>(table)], parent = tree_->nodes[node].parent;
  if (parent != kNoNode) return {parent, node};
  return {table > 0 ? open_[static_cast<size_t>(table) - 1] : 0, kNoNode};
}

bool Builder::insert(Token& token, Ns ns) {
  const NodeId node = new_element(token, ns);
  attach(node, insertion_place());
  // Parts of tables are as deep as their table allows, so only what can nest is held back.
  if (too_deep() && !is_table_part(token.tag)) {
    tree_->cuts |= kCutDepth;
    return false;
  }
  push(node);
  return true;
}

void Builder::append(Token& token, Ns ns) { attach(new_element(token, ns), insertion_place()); }

void Builder::insert_implied(uint16_t tag) {
  Token token;
  token.type = Token::start_tag;
  token.tag = tag;
  const NodeId node = new_element(token, Ns::html);
  attach(node, open_.empty() ? Place{0, kNoNode} : insertion_place());
  push(node);
}

void Builder::insert_text(Range range) {
  if (range.size == 0 || open_.empty()) return;
  const Place place = insertion_place();
  if (place.parent == 0) return;  // a document holds no text
  const NodeId last = place.before == kNoNode ? tree_->nodes[place.parent].last_child : tree_->nodes[place.before].previous;
  if (last != kNoNode && tree_->nodes[last].kind == Kind::text) return join(tree_->nodes[last], range);
  const NodeId node = new_node(Kind::text);
  tree_->nodes[node].range = range;
  attach(node, place);
}

// Joined texts move behind the buffer's end with room to grow, so that a text made of many pieces is copied twice at most.
void Builder::join(Node& text, Range range) {
  auto& buffer = tree_->buffer;
  const uint32_t total = text.range.size + range.size;
  if (text.attributes == 0 && text.range.end() == range.offset) {
    text.range.size = total;
    return;
  }
  if (text.attributes < total) {
    const uint32_t start = static_cast<uint32_t>(buffer.size()), room = 2 * total;
    buffer.resize(buffer.size() + room);
    std::memcpy(buffer.data() + start, buffer.data() + text.range.offset, text.range.size);
    text.range.offset = start;
    text.attributes = room;
  }
  std::memcpy(buffer.data() + text.range.end(), buffer.data() + range.offset, range.size);
  text.range.size = total;
}

void Builder::insert_comment(const Token& token, NodeId parent) {
  const NodeId node = new_node(Kind::comment);
  tree_->nodes[node].range = token.range;
  attach(node, {parent, kNoNode});
}

bool Builder::is_integration_point(size_t slot, bool html_only) const {
  const uint16_t k = open_keys_[slot];
  constexpr uint16_t svg = kNsKeys, math = 2 * kNsKeys;
  if (k == svg + tag::foreignObject || k == svg + tag::desc || k == svg + tag::title) return true;
  if (k == math + tag::annotation_xml) return tree_->nodes[open_[slot]].flags & kHtmlIntegration;
  return !html_only && (k == math + tag::mi || k == math + tag::mo || k == math + tag::mn || k == math + tag::ms || k == math + tag::mtext);
}

void Builder::push(NodeId node) {
  const uint16_t k = key(node);
  open_.push_back(node);
  open_keys_.push_back(k);
  ++open_count_[k];
  tree_->nodes[node].flags |= kOpen;
  templates_ += k == tag::template_;
}

void Builder::pop() {
  if (open_.empty()) return;
  const uint16_t k = open_keys_.back();
  --open_count_[k];
  tree_->nodes[open_.back()].flags &= static_cast<uint16_t>(~kOpen);
  templates_ -= k == tag::template_;
  open_.pop_back();
  open_keys_.pop_back();
}

void Builder::pop_to(size_t size) {
  while (open_.size() > size) pop();
}

void Builder::pop_through(uint16_t tag) {
  const int slot = topmost(tag);
  if (slot > 0) pop_to(static_cast<size_t>(slot));  // the root stays
}

void Builder::clear_back_to(uint8_t flag) {
  while (open_.size() > 1 && !(tag_flags(current_key()) & flag)) pop();
}

void Builder::remove_open(NodeId node) {
  if (!is_open(node)) return;
  if (node == current()) return pop();
  for (size_t slot = open_.size(); slot-- > 0;) {
    spend(1);
    if (open_[slot] != node) continue;
    --open_count_[open_keys_[slot]];
    templates_ -= open_keys_[slot] == tag::template_;
    tree_->nodes[node].flags &= static_cast<uint16_t>(~kOpen);
    open_.erase(open_.begin() + static_cast<ptrdiff_t>(slot));
    open_keys_.erase(open_keys_.begin() + static_cast<ptrdiff_t>(slot));
    return;
  }
}

int Builder::topmost(uint16_t tag) const {
  if (!open_count_[tag]) return -1;
  size_t slot = open_.size();
  while (slot-- > 0)
    if (open_keys_[slot] == tag) break;
  spend(open_.size() - slot);
  return static_cast<int>(slot);
}

// "Has an element in (that kind of) scope".
bool Builder::in_scope(uint16_t tag, uint8_t boundary) const {
  if (!open_count_[tag]) return false;
  size_t slot = open_.size();
  while (slot-- > 0 && open_keys_[slot] != tag)
    if (tag_flags(open_keys_[slot]) & boundary) {
      spend(open_.size() - slot);
      return false;
    }
  spend(open_.size() - slot);
  return true;
}

bool Builder::in_scope_node(NodeId node) const {
  if (!is_open(node)) return false;
  size_t slot = open_.size();
  while (slot-- > 0 && open_[slot] != node)
    if (tag_flags(open_keys_[slot]) & kScope) {
      spend(open_.size() - slot);
      return false;
    }
  spend(open_.size() - slot);
  return true;
}

void Builder::imply_end_tags(uint16_t except, bool thoroughly) {
  for (;; pop()) {
    switch (const uint16_t k = current_key()) {
      case tag::dd: case tag::dt: case tag::li: case tag::optgroup: case tag::option: case tag::p: case tag::rb: case tag::rp: case tag::rt:
      case tag::rtc:
        if (k == except) return;
        break;
      case tag::caption: case tag::colgroup: case tag::tbody: case tag::td: case tag::tfoot: case tag::th: case tag::thead: case tag::tr:
        if (!thoroughly || k == except) return;
        break;
      default: return;
    }
  }
}

// "Reset the insertion mode appropriately", without the fragment case.
void Builder::reset_mode() {
  for (size_t slot = open_.size(); slot-- > 0;) {
    spend(1);
    switch (open_keys_[slot]) {
      case tag::tr: mode_ = in_row; return;
      case tag::tbody: case tag::thead: case tag::tfoot: mode_ = in_table_body; return;
      case tag::caption: mode_ = in_caption; return;
      case tag::colgroup: mode_ = in_column_group; return;
      case tag::table: mode_ = in_table; return;
      case tag::body: mode_ = in_body; return;
      case tag::frameset: mode_ = in_frameset; return;
      case tag::template_: mode_ = template_modes_.empty() ? in_body : template_modes_.back(); return;
      case tag::html: mode_ = head_ == kNoNode ? before_head : after_head; return;
      case tag::td: case tag::th: mode_ = in_cell; return;
      case tag::head: mode_ = in_head; return;
      case tag::select: {
        const int table = topmost(tag::table);
        mode_ = table > 0 && table > topmost(tag::template_) && table < static_cast<int>(slot) ? in_select_in_table : in_select;
        return;
      }
      default: break;
    }
  }
  mode_ = in_body;
}

}  // namespace millrace::html
