#pragma once
#include <vector>

#include "native/html/tokenizer.h"

namespace millrace::html {

// Tree construction, WHATWG HTML 13.2.6. One function an insertion mode and kind of token; a function returns `again` where the standard
// says "reprocess the token", so nothing recurses on input. Every scan adds to a step count, and the page is cut where that runs out.
class Builder {
 public:
  void build(std::string_view input, Tree& tree, const Limits& limits);

 private:
  enum Mode : uint8_t {
    initial, before_html, before_head, in_head, in_head_noscript, after_head, in_body, in_text, in_table, in_table_text, in_caption,
    in_column_group, in_table_body, in_row, in_cell, in_select, in_select_in_table, in_template, after_body, in_frameset, after_frameset,
    after_after_body, after_after_frameset
  };
  enum Next : bool { done = false, again = true };
  struct Place {
    NodeId parent, before;
  };
  struct Formatting {
    NodeId node;  // kNoNode: a marker
    uint16_t tag;
  };
  // Text of a table that may have to be foster parented, and the kinds of characters in a text.
  enum Characters : uint8_t { spaces, nuls, others };

  // dispatch.cc
  void start_tag(Token& token);
  void end_tag(Token& token);
  void text(Token& token);
  Next text_piece(Range piece, Characters kind);
  void text_by_pieces(Range range);
  void comment(const Token& token);
  void doctype(const Token& token);
  void finish();
  Next start_in_mode(Token& token);
  Next end_in_mode(Token& token);

  // modes_head.cc
  void leave_initial();
  void open_html();
  void open_head();
  void open_body();
  Next start_before_html(Token& token);
  Next end_before_html(Token& token);
  Next start_before_head(Token& token);
  Next end_before_head(Token& token);
  Next start_in_head(Token& token);
  Next end_in_head(Token& token);
  Next start_in_head_noscript(Token& token);
  Next end_in_head_noscript(Token& token);
  Next start_after_head(Token& token);
  Next end_after_head(Token& token);
  Next leave_head_noscript();
  Next leave_head();
  void end_template();
  void raw_text(Token& token, Content content);

  // modes_body.cc
  void start_in_body(Token& token);
  void end_in_body(Token& token);
  void body_text(Range range, bool only_spaces);
  void close_p();
  void start_item(Token& token);
  void start_a(Token& token);
  void start_formatting(Token& token);
  void start_void(Token& token);
  void start_foreign_root(Token& token, Ns ns);
  void end_any_other(const Token& token);
  void end_heading();
  void end_form();
  void adopt_attributes(NodeId element, const Token& token);
  bool is_hidden_input(const Token& token) const;

  // modes_table.cc
  void start_in_table_otherwise(Token& token);
  void end_in_table_otherwise(Token& token);
  void flush_table_text();
  Next start_in_table(Token& token);
  Next end_in_table(Token& token);
  Next start_in_caption(Token& token);
  Next end_in_caption(Token& token);
  Next start_in_column_group(Token& token);
  Next end_in_column_group(Token& token);
  Next leave_column_group();
  Next start_in_table_body(Token& token);
  Next end_in_table_body(Token& token);
  Next start_in_row(Token& token);
  Next end_in_row(Token& token);
  Next start_in_cell(Token& token);
  Next end_in_cell(Token& token);
  void close_cell();

  // modes_rest.cc
  Next start_in_select(Token& token);
  Next end_in_select(Token& token);
  Next start_in_select_in_table(Token& token);
  Next end_in_select_in_table(Token& token);
  Next start_in_template(Token& token);
  Next start_in_frameset(Token& token);
  Next end_in_frameset(Token& token);
  Next start_after_frameset(Token& token);
  bool is_foreign_start(const Token& token) const;
  Next start_in_foreign(Token& token);
  bool end_in_foreign(Token& token, Next& next);
  void leave_foreign();

  // builder.cc: nodes
  NodeId new_node(Kind kind);
  NodeId new_element(const Token& token, Ns ns);
  NodeId clone(NodeId element);
  void attach(NodeId node, Place place);
  void detach(NodeId node);
  Place insertion_place() const;
  Place foster_place() const;
  bool insert(Token& token, Ns ns = Ns::html);  // false: too deep, appended only
  void append(Token& token, Ns ns = Ns::html);
  void insert_implied(uint16_t tag);
  void insert_text(Range range);
  void join(Node& text, Range range);
  void insert_comment(const Token& token, NodeId parent);

  // builder.cc: the stack of open elements
  uint16_t key(NodeId node) const { return static_cast<uint16_t>(tree_->nodes[node].tag + kNsKeys * static_cast<uint16_t>(tree_->nodes[node].ns)); }
  uint16_t current_key() const { return open_keys_.empty() ? 0xffff : open_keys_.back(); }
  NodeId current() const { return open_.empty() ? 0 : open_.back(); }
  bool current_is(uint16_t tag) const { return current_key() == tag; }
  bool current_in_html() const { return open_keys_.empty() || open_keys_.back() < kNsKeys; }
  bool is_integration_point(size_t slot, bool html_only) const;
  bool in_foreign_content() const { return !current_in_html() && !is_integration_point(open_.size() - 1, false); }
  void push(NodeId node);
  void pop();
  void pop_to(size_t size);         // until `size` elements are left
  void pop_through(uint16_t tag);   // up to and with the topmost <tag>
  void clear_back_to(uint8_t flag);  // until the current one has the flag
  void remove_open(NodeId node);
  int topmost(uint16_t tag) const;
  bool in_scope(uint16_t tag, uint8_t boundary) const;
  bool in_scope_node(NodeId node) const;
  void imply_end_tags(uint16_t except = 0xffff, bool thoroughly = false);
  void reset_mode();
  bool is_open(NodeId node) const { return tree_->nodes[node].flags & kOpen; }
  bool too_deep() const { return open_.size() >= limits_.max_depth; }
  void spend(size_t steps) const { steps_ += steps; }

  // formatting.cc
  void reconstruct();
  void push_formatting(NodeId node);
  void push_marker() { formatting_.push_back({kNoNode, 0}); }
  void clear_to_marker();
  int formatting_with_tag(uint16_t tag) const;  // behind the last marker, newest first; -1
  int formatting_of(NodeId node) const;
  void adoption_agency(const Token& token);
  bool adopt_once(const Token& token);
  NodeId adopt_between(size_t block_slot, size_t formatting_slot, size_t& bookmark);

  static constexpr uint16_t kNsKeys = 1024;
  static_assert(tag::count < kNsKeys);
  enum NodeFlag : uint16_t { kOpen = 1, kHtmlIntegration = 2 };

  Tokenizer tokenizer_;
  Tree* tree_ = nullptr;
  Limits limits_;
  Mode mode_ = initial, original_mode_ = initial;
  std::vector<Mode> template_modes_;
  std::vector<NodeId> open_;
  std::vector<uint16_t> open_keys_;
  std::vector<uint16_t> open_count_ = std::vector<uint16_t>(3 * kNsKeys);  // of each key: most scope questions end here
  std::vector<Formatting> formatting_;
  std::vector<std::pair<Range, Characters>> table_text_;
  NodeId head_ = kNoNode, form_ = kNoNode;
  int templates_ = 0;
  bool frameset_ok_ = true, foster_ = false, skip_newline_ = false, stopped_ = false;
  mutable uint64_t steps_ = 0;
  uint64_t max_steps_ = 0;
};

// What an element is to the rules, by tag number; only HTML elements but for the eight foreign ones that bound scopes.
enum TagFlag : uint8_t {
  kSpecial = 1,
  kScope = 2,        // bounds every scope
  kListScope = 4,    // ol, ul
  kButtonScope = 8,  // button
  kTableScope = 16,  // table, template, html: also the table context
  kBodyContext = 32,  // tbody, tfoot, thead, template, html
  kRowContext = 64,   // tr, template, html
  kItemPass = 128,    // address, div, p: special, but an item closes through them
};
uint8_t tag_flags(uint16_t key);

}  // namespace millrace::html
