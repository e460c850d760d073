// Insertion modes of tables (13.2.6.4.9 to 13.2.6.4.15).
#include <algorithm>

#include "native/html/builder.h"

namespace millrace::html {

// "Anything else" in a table: as in the body, but with foster parenting.
void Builder::start_in_table_otherwise(Token& token) {
  foster_ = true;
  start_in_body(token);
  foster_ = false;
}

void Builder::end_in_table_otherwise(Token& token) {
  foster_ = true;
  end_in_body(token);
  foster_ = false;
}

void Builder::flush_table_text() {
  mode_ = original_mode_;
  const bool fostered = std::any_of(table_text_.begin(), table_text_.end(), [](const auto& piece) { return piece.second == others; });
  for (const auto& [range, kind] : table_text_) {
    if (fostered) body_text(range, kind == spaces);
    else insert_text(range);
  }
  table_text_.clear();
}

Builder::Next Builder::start_in_table(Token& token) {
  switch (token.tag) {
    case tag::caption:
      clear_back_to(kTableScope);
      push_marker();
      insert(token);
      mode_ = in_caption;
      return done;
    case tag::colgroup:
      clear_back_to(kTableScope);
      insert(token);
      mode_ = in_column_group;
      return done;
    case tag::col:
      clear_back_to(kTableScope);
      insert_implied(tag::colgroup);
      mode_ = in_column_group;
      return again;
    case tag::tbody: case tag::tfoot: case tag::thead:
      clear_back_to(kTableScope);
      insert(token);
      mode_ = in_table_body;
      return done;
    case tag::td: case tag::th: case tag::tr:
      clear_back_to(kTableScope);
      insert_implied(tag::tbody);
      mode_ = in_table_body;
      return again;
    case tag::table:
      if (!in_scope(tag::table, kTableScope)) return done;
      pop_through(tag::table);
      reset_mode();
      return again;
    case tag::style: case tag::script: case tag::template_: return start_in_head(token);
    case tag::input:
      if (is_hidden_input(token)) append(token);
      else start_in_table_otherwise(token);
      return done;
    case tag::form:
      if (form_ != kNoNode || templates_ > 0) return done;
      if (insert(token)) {
        form_ = current();
        pop();
      }
      return done;
    default: start_in_table_otherwise(token); return done;
  }
}

Builder::Next Builder::end_in_table(Token& token) {
  switch (token.tag) {
    case tag::table:
      if (!in_scope(tag::table, kTableScope)) return done;
      pop_through(tag::table);
      reset_mode();
      return done;
    case tag::template_: end_template(); return done;
    case tag::body: case tag::caption: case tag::col: case tag::colgroup: case tag::html: case tag::tbody: case tag::td: case tag::tfoot: case tag::th:
    case tag::thead: case tag::tr:
      return done;
    default: end_in_table_otherwise(token); return done;
  }
}

static bool is_table_part(uint16_t t) {
  switch (t) {
    case tag::caption: case tag::col: case tag::colgroup: case tag::tbody: case tag::td: case tag::tfoot: case tag::th: case tag::thead: case tag::tr:
      return true;
    default: return false;
  }
}

Builder::Next Builder::start_in_caption(Token& token) {
  if (!is_table_part(token.tag)) return start_in_body(token), done;
  if (!in_scope(tag::caption, kTableScope)) return done;
  imply_end_tags();
  pop_through(tag::caption);
  clear_to_marker();
  mode_ = in_table;
  return again;
}

Builder::Next Builder::end_in_caption(Token& token) {
  if (token.tag == tag::caption || token.tag == tag::table) {
    if (!in_scope(tag::caption, kTableScope)) return done;
    imply_end_tags();
    pop_through(tag::caption);
    clear_to_marker();
    mode_ = in_table;
    return token.tag == tag::table ? again : done;
  }
  if (is_table_part(token.tag) || token.tag == tag::body || token.tag == tag::html) return done;
  return end_in_body(token), done;
}

Builder::Next Builder::leave_column_group() {
  if (!current_is(tag::colgroup)) return done;
  pop();
  mode_ = in_table;
  return again;
}

Builder::Next Builder::start_in_column_group(Token& token) {
  switch (token.tag) {
    case tag::html: start_in_body(token); return done;
    case tag::col: append(token); return done;
    case tag::template_: return start_in_head(token);
    default: return leave_column_group();
  }
}

Builder::Next Builder::end_in_column_group(Token& token) {
  switch (token.tag) {
    case tag::colgroup: leave_column_group(); return done;
    case tag::template_: end_template(); return done;
    case tag::col: return done;
    default: return leave_column_group();
  }
}

Builder::Next Builder::start_in_table_body(Token& token) {
  switch (token.tag) {
    case tag::tr:
      clear_back_to(kBodyContext);
      insert(token);
      mode_ = in_row;
      return done;
    case tag::th: case tag::td:
      clear_back_to(kBodyContext);
      insert_implied(tag::tr);
      mode_ = in_row;
      return again;
    case tag::caption: case tag::col: case tag::colgroup: case tag::tbody: case tag::tfoot: case tag::thead:
      if (!in_scope(tag::tbody, kTableScope) && !in_scope(tag::thead, kTableScope) && !in_scope(tag::tfoot, kTableScope)) return done;
      clear_back_to(kBodyContext);
      pop();
      mode_ = in_table;
      return again;
    default: return start_in_table(token);
  }
}

Builder::Next Builder::end_in_table_body(Token& token) {
  switch (token.tag) {
    case tag::tbody: case tag::tfoot: case tag::thead:
      if (!in_scope(token.tag, kTableScope)) return done;
      clear_back_to(kBodyContext);
      pop();
      mode_ = in_table;
      return done;
    case tag::table:
      if (!in_scope(tag::tbody, kTableScope) && !in_scope(tag::thead, kTableScope) && !in_scope(tag::tfoot, kTableScope)) return done;
      clear_back_to(kBodyContext);
      pop();
      mode_ = in_table;
      return again;
    case tag::body: case tag::caption: case tag::col: case tag::colgroup: case tag::html: case tag::td: case tag::th: case tag::tr: return done;
    default: return end_in_table(token);
  }
}

Builder::Next Builder::start_in_row(Token& token) {
  switch (token.tag) {
    case tag::th: case tag::td:
      clear_back_to(kRowContext);
      insert(token);
      mode_ = in_cell;
      push_marker();
      return done;
    case tag::caption: case tag::col: case tag::colgroup: case tag::tbody: case tag::tfoot: case tag::thead: case tag::tr:
      if (!in_scope(tag::tr, kTableScope)) return done;
      clear_back_to(kRowContext);
      pop();
      mode_ = in_table_body;
      return again;
    default: return start_in_table(token);
  }
}

Builder::Next Builder::end_in_row(Token& token) {
  switch (token.tag) {
    case tag::tr: case tag::table: case tag::tbody: case tag::tfoot: case tag::thead:
      // A section's end tag counts only where that section is open (13.2.6.4.14).
      if (token.tag != tag::tr && token.tag != tag::table && !in_scope(token.tag, kTableScope)) return done;
      if (!in_scope(tag::tr, kTableScope)) return done;
      clear_back_to(kRowContext);
      pop();
      mode_ = in_table_body;
      return token.tag == tag::tr ? done : again;
    case tag::body: case tag::caption: case tag::col: case tag::colgroup: case tag::html: case tag::td: case tag::th: return done;
    default: return end_in_table(token);
  }
}

void Builder::close_cell() {
  imply_end_tags();
  const int cell = std::max(topmost(tag::td), topmost(tag::th));
  if (cell > 0) pop_to(static_cast<size_t>(cell));
  clear_to_marker();
  mode_ = in_row;
}

Builder::Next Builder::start_in_cell(Token& token) {
  if (!is_table_part(token.tag)) return start_in_body(token), done;
  if (!in_scope(tag::td, kTableScope) && !in_scope(tag::th, kTableScope)) return done;
  close_cell();
  return again;
}

Builder::Next Builder::end_in_cell(Token& token) {
  switch (token.tag) {
    case tag::td: case tag::th:
      if (!in_scope(token.tag, kTableScope)) return done;
      imply_end_tags();
      pop_through(token.tag);
      clear_to_marker();
      mode_ = in_row;
      return done;
    case tag::table: case tag::tbody: case tag::tfoot: case tag::thead: case tag::tr:
      if (!in_scope(token.tag, kTableScope)) return done;
      close_cell();
      return again;
    case tag::body: case tag::caption: case tag::col: case tag::colgroup: case tag::html: return done;
    default: end_in_body(token); return done;
  }
}

}  // namespace millrace::html
