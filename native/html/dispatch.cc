// Tokens to insertion modes.
#include <algorithm>

#include "native/html/builder.h"

namespace millrace::html {
namespace {

inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r'; }

bool all_space(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_space);
}

std::string_view whole_characters(std::string_view input, size_t limit) {
  if (input.size() <= limit) return input;
  while (limit > 0 && (static_cast<uint8_t>(input[limit]) & 0xc0) == 0x80) --limit;
  return input.substr(0, limit);
}

}  // namespace

void Builder::build(std::string_view input, Tree& tree, const Limits& limits) {
  limits_ = limits;
  limits_.max_bytes = std::min(limits_.max_bytes, 512u << 20);
  limits_.max_attributes = std::min(limits_.max_attributes, 0xffffu);
  limits_.max_depth = std::max(limits_.max_depth, 8u);
  tree_ = &tree;
  tree.cuts = input.size() > limits_.max_bytes ? uint32_t{kCutBytes} : 0;
  input = whole_characters(input, limits_.max_bytes);
  tree.nodes.clear();
  tree.nodes.reserve(std::min<size_t>(input.size() / 24 + 16, limits_.max_nodes + 1024));
  tree.attributes.clear();
  tree.attributes.reserve(input.size() / 48 + 16);
  tree.buffer.clear();
  tree.buffer.reserve(input.size() + input.size() / 8 + 64);
  tree.buffer.assign(input);
  tree.input_size = input.size();
  tree.doctype_public = tree.doctype_system = {};
  tree.quirks = Quirks::none;
  mode_ = original_mode_ = initial;
  open_.clear();
  open_keys_.clear();
  std::fill(open_count_.begin(), open_count_.end(), uint16_t{0});
  formatting_.clear();
  template_modes_.clear();
  table_text_.clear();
  head_ = form_ = kNoNode;
  templates_ = 0;
  frameset_ok_ = true;
  foster_ = skip_newline_ = false;
  steps_ = 0;
  max_steps_ = uint64_t{limits_.max_steps_per_byte} * (input.size() + 65536);
  new_node(Kind::document);

  tokenizer_.reset(tree, input, limits_);
  Token token;
  for (;;) {
    tokenizer_.next(token, !current_in_html());
    switch (token.type) {
      case Token::text: text(token); break;
      case Token::start_tag: start_tag(token); break;
      case Token::end_tag: end_tag(token); break;
      case Token::comment: comment(token); break;
      case Token::doctype: doctype(token); break;
      case Token::end: return finish();
    }
    if (tree.nodes.size() >= limits_.max_nodes || steps_ > max_steps_) {
      tree.cuts |= steps_ > max_steps_ ? uint32_t{kCutWork} : uint32_t{kCutNodes};
      return finish();
    }
  }
}

void Builder::start_tag(Token& token) {
  skip_newline_ = false;
  if (mode_ == in_table_text) flush_table_text();
  while ((is_foreign_start(token) ? start_in_foreign(token) : start_in_mode(token)) == again) {
  }
}

void Builder::end_tag(Token& token) {
  skip_newline_ = false;
  if (mode_ == in_table_text) flush_table_text();
  Next next = again;
  while (next == again) {
    next = done;
    if (!current_in_html() && end_in_foreign(token, next)) continue;
    next = end_in_mode(token);
  }
}

Builder::Next Builder::start_in_mode(Token& token) {
  switch (mode_) {
    case initial: return leave_initial(), again;
    case before_html: return start_before_html(token);
    case before_head: return start_before_head(token);
    case in_head: return start_in_head(token);
    case in_head_noscript: return start_in_head_noscript(token);
    case after_head: return start_after_head(token);
    case in_body: return start_in_body(token), done;
    case in_text: case in_table_text: return done;  // no start tag comes in text; table text was flushed
    case in_table: return start_in_table(token);
    case in_caption: return start_in_caption(token);
    case in_column_group: return start_in_column_group(token);
    case in_table_body: return start_in_table_body(token);
    case in_row: return start_in_row(token);
    case in_cell: return start_in_cell(token);
    case in_select: return start_in_select(token);
    case in_select_in_table: return start_in_select_in_table(token);
    case in_template: return start_in_template(token);
    case after_body: case after_after_body:
      if (token.tag == tag::html) return start_in_body(token), done;
      return mode_ = in_body, again;
    case in_frameset: return start_in_frameset(token);
    case after_frameset: case after_after_frameset: return start_after_frameset(token);
  }
  return done;
}

Builder::Next Builder::end_in_mode(Token& token) {
  switch (mode_) {
    case initial: return leave_initial(), again;
    case before_html: return end_before_html(token);
    case before_head: return end_before_head(token);
    case in_head: return end_in_head(token);
    case in_head_noscript: return end_in_head_noscript(token);
    case after_head: return end_after_head(token);
    case in_body: return end_in_body(token), done;
    case in_text: return pop(), mode_ = original_mode_, done;
    case in_table_text: return done;
    case in_table: return end_in_table(token);
    case in_caption: return end_in_caption(token);
    case in_column_group: return end_in_column_group(token);
    case in_table_body: return end_in_table_body(token);
    case in_row: return end_in_row(token);
    case in_cell: return end_in_cell(token);
    case in_select: return end_in_select(token);
    case in_select_in_table: return end_in_select_in_table(token);
    case in_template: return token.tag == tag::template_ ? (end_template(), done) : done;
    case after_body:
      if (token.tag == tag::html) return mode_ = after_after_body, done;
      return mode_ = in_body, again;
    case after_after_body: return mode_ = in_body, again;
    case in_frameset: return end_in_frameset(token);
    case after_frameset: return token.tag == tag::html ? (mode_ = after_after_frameset, done) : done;
    case after_after_frameset: return done;
  }
  return done;
}

void Builder::text(Token& token) {
  Range range = token.range;
  if (skip_newline_) {
    skip_newline_ = false;
    if (range.size && tree_->buffer[range.offset] == '\n') ++range.offset, --range.size;
  }
  if (range.size == 0) return;
  if (in_foreign_content()) {
    // A NUL here becomes U+FFFD without a word on framesets; any other character that is no space ends their chance.
    const auto text = tree_->text(range);
    if (frameset_ok_ && !std::all_of(text.begin(), text.end(), [](char c) { return c == 0 || is_space(c); })) frameset_ok_ = false;
    if (token.has_nul) {
      const auto start = static_cast<uint32_t>(tree_->buffer.size());
      for (uint32_t i = range.offset; i < range.end(); ++i)
        if (const char c = tree_->buffer[i]) tree_->buffer += c;
        else tree_->buffer += "\xef\xbf\xbd";
      range = {start, static_cast<uint32_t>(tree_->buffer.size()) - start};
    }
    return insert_text(range);
  }
  if (!token.has_nul) {
    switch (mode_) {
      case in_body: case in_caption: case in_cell: case in_template:
        return body_text(range, frameset_ok_ && all_space(tree_->text(range)));
      case in_text: case in_select: case in_select_in_table: return insert_text(range);
      default: break;
    }
  }
  text_by_pieces(range);
}

// Runs of white space, of NULs and of other characters, as rules treat them apart.
void Builder::text_by_pieces(Range range) {
  const auto kind_of = [&](uint32_t i) {
    const char c = tree_->buffer[i];
    return c == 0 ? nuls : is_space(c) ? spaces : others;
  };
  for (uint32_t from = range.offset; from < range.end();) {
    const Characters kind = kind_of(from);
    uint32_t to = from + 1;
    while (to < range.end() && kind_of(to) == kind) ++to;
    while (text_piece({from, to - from}, kind) == again) {
    }
    from = to;
  }
}

Builder::Next Builder::text_piece(Range piece, Characters kind) {
  const bool space = kind == spaces;
  switch (mode_) {
    case initial: return space ? done : (leave_initial(), again);
    case before_html: return space ? done : (open_html(), again);
    case before_head: return space ? done : (open_head(), again);
    case in_head: return space ? (insert_text(piece), done) : leave_head();
    case in_head_noscript: return space ? (insert_text(piece), done) : leave_head_noscript();
    case after_head: return space ? (insert_text(piece), done) : (open_body(), again);
    case in_text: return insert_text(piece), done;
    case in_body: case in_caption: case in_cell: case in_template:
      if (kind != nuls) body_text(piece, space);
      return done;
    case in_table: case in_table_body: case in_row:
      if (const uint16_t k = current_key(); k == tag::table || k == tag::tbody || k == tag::tfoot || k == tag::thead || k == tag::tr) {
        table_text_.clear();
        original_mode_ = mode_;
        mode_ = in_table_text;
        return again;
      }
      if (kind != nuls) body_text(piece, space);
      return done;
    case in_table_text:
      if (kind != nuls) table_text_.emplace_back(piece, kind);
      return done;
    case in_column_group: return space ? (insert_text(piece), done) : leave_column_group();
    case in_select: case in_select_in_table:
      if (kind != nuls) insert_text(piece);
      return done;
    case after_body: case after_after_body:
      if (space) return body_text(piece, true), done;
      mode_ = in_body;
      return again;
    case in_frameset: case after_frameset:
      if (space) insert_text(piece);
      return done;
    case after_after_frameset:
      if (space) body_text(piece, true);
      return done;
  }
  return done;
}

void Builder::comment(const Token& token) {
  skip_newline_ = false;
  if (mode_ == in_table_text) flush_table_text();
  if (current_in_html() && mode_ == after_body) return insert_comment(token, open_.empty() ? 0 : open_[0]);
  if (current_in_html() && (mode_ == after_after_body || mode_ == after_after_frameset)) return insert_comment(token, 0);
  insert_comment(token, current());
}

// End of the input: what must exist is made, and templates close.
void Builder::finish() {
  if (mode_ == in_table_text) flush_table_text();
  for (;;) {
    switch (mode_) {
      case initial: leave_initial(); continue;
      case before_html: open_html(); continue;
      case before_head: open_head(); continue;
      case in_head: leave_head(); continue;
      case in_head_noscript: leave_head_noscript(); continue;
      case after_head: open_body(); continue;
      case in_text: pop(); mode_ = original_mode_; continue;
      case after_body: case in_frameset: case after_frameset: case after_after_body: case after_after_frameset: return;
      default: break;
    }
    if (templates_ == 0) return;
    while (templates_ > 0 && topmost(tag::template_) > 0) {
      pop_through(tag::template_);
      clear_to_marker();
      if (!template_modes_.empty()) template_modes_.pop_back();
    }
    templates_ = 0;
    reset_mode();
  }
}

}  // namespace millrace::html
