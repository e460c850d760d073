// Select, template, framesets and foreign content (13.2.6.4.16 to 13.2.6.5). "In select" is the standard's of before 2025, as parse5 has it:
// elements in a <select> other than options are dropped, their text stays.
#include "native/html/builder.h"

namespace millrace::html {

Builder::Next Builder::start_in_select(Token& token) {
  switch (token.tag) {
    case tag::html: start_in_body(token); return done;
    case tag::option:
      if (current_is(tag::option)) pop();
      insert(token);
      return done;
    case tag::optgroup: case tag::hr:
      if (current_is(tag::option)) pop();
      if (current_is(tag::optgroup)) pop();
      if (token.tag == tag::hr) append(token);
      else insert(token);
      return done;
    case tag::input: case tag::keygen: case tag::textarea: case tag::select:
      if (topmost(tag::select) <= 0) return done;
      pop_through(tag::select);
      reset_mode();
      return token.tag == tag::select ? done : again;
    case tag::script: case tag::template_: return start_in_head(token);
    default: return done;
  }
}

Builder::Next Builder::end_in_select(Token& token) {
  switch (token.tag) {
    case tag::optgroup:
      if (current_is(tag::option) && open_.size() > 1 && open_keys_[open_.size() - 2] == tag::optgroup) pop();
      if (current_is(tag::optgroup)) pop();
      return done;
    case tag::option:
      if (current_is(tag::option)) pop();
      return done;
    case tag::select:
      if (topmost(tag::select) <= 0) return done;
      pop_through(tag::select);
      reset_mode();
      return done;
    case tag::template_: end_template(); return done;
    default: return done;
  }
}

static bool leaves_select(uint16_t t) {
  switch (t) {
    case tag::caption: case tag::table: case tag::tbody: case tag::tfoot: case tag::thead: case tag::tr: case tag::td: case tag::th: return true;
    default: return false;
  }
}

Builder::Next Builder::start_in_select_in_table(Token& token) {
  if (!leaves_select(token.tag) || topmost(tag::select) <= 0) return start_in_select(token);
  pop_through(tag::select);
  reset_mode();
  return again;
}

Builder::Next Builder::end_in_select_in_table(Token& token) {
  if (!leaves_select(token.tag)) return end_in_select(token);
  if (!in_scope(token.tag, kTableScope) || topmost(tag::select) <= 0) return done;
  pop_through(tag::select);
  reset_mode();
  return again;
}

Builder::Next Builder::start_in_template(Token& token) {
  Mode mode;
  switch (token.tag) {
    case tag::base: case tag::basefont: case tag::bgsound: case tag::link: case tag::meta: case tag::noframes: case tag::script: case tag::style:
    case tag::template_: case tag::title:
      return start_in_head(token);
    case tag::caption: case tag::colgroup: case tag::tbody: case tag::tfoot: case tag::thead: mode = in_table; break;
    case tag::col: mode = in_column_group; break;
    case tag::tr: mode = in_table_body; break;
    case tag::td: case tag::th: mode = in_row; break;
    default: mode = in_body; break;
  }
  if (!template_modes_.empty()) template_modes_.back() = mode;
  mode_ = mode;
  return again;
}

Builder::Next Builder::start_in_frameset(Token& token) {
  switch (token.tag) {
    case tag::html: start_in_body(token); break;
    case tag::frameset: insert(token); break;
    case tag::frame: append(token); break;
    case tag::noframes: start_in_head(token); break;
    default: break;
  }
  return done;
}

Builder::Next Builder::end_in_frameset(Token& token) {
  if (token.tag == tag::frameset && open_.size() > 1) {
    pop();
    if (!current_is(tag::frameset)) mode_ = after_frameset;
  }
  return done;
}

Builder::Next Builder::start_after_frameset(Token& token) {
  if (token.tag == tag::html) start_in_body(token);
  if (token.tag == tag::noframes) start_in_head(token);
  return done;
}

// Whether a start tag is for the rules of foreign content (the tree construction dispatcher, 13.2.6).
bool Builder::is_foreign_start(const Token& token) const {
  if (current_in_html()) return false;
  constexpr uint16_t annotation = 2 * kNsKeys + tag::annotation_xml;
  if (token.tag == tag::svg && current_key() == annotation) return false;
  const size_t top = open_.size() - 1;
  if (!is_integration_point(top, false)) return true;
  return (token.tag == tag::mglyph || token.tag == tag::malignmark) && !is_integration_point(top, true);
}

void Builder::leave_foreign() {
  while (in_foreign_content()) pop();
}

Builder::Next Builder::start_in_foreign(Token& token) {
  switch (token.tag) {
    case tag::font: {
      bool breaks_out = false;
      for (uint32_t i = token.attributes; i < token.attributes + token.attribute_count; ++i) {
        const uint16_t id = tree_->attributes[i].id;
        breaks_out |= id == attr::color || id == attr::face || id == attr::size;
      }
      if (!breaks_out) break;
      leave_foreign();
      return start_in_mode(token);
    }
    case tag::b: case tag::big: case tag::blockquote: case tag::body: case tag::br: case tag::center: case tag::code: case tag::dd: case tag::div:
    case tag::dl: case tag::dt: case tag::em: case tag::embed: case tag::h1: case tag::h2: case tag::h3: case tag::h4: case tag::h5: case tag::h6:
    case tag::head: case tag::hr: case tag::i: case tag::img: case tag::li: case tag::listing: case tag::menu: case tag::meta: case tag::nobr:
    case tag::ol: case tag::p: case tag::pre: case tag::ruby: case tag::s: case tag::small: case tag::span: case tag::strong: case tag::strike:
    case tag::sub: case tag::sup: case tag::table: case tag::tt: case tag::u: case tag::ul: case tag::var:
      leave_foreign();
      return start_in_mode(token);
    default: break;
  }
  const Ns ns = tree_->nodes[current()].ns;
  if (ns == Ns::svg) token.tag = svg_tag(token.tag);
  for (uint32_t i = token.attributes; i < token.attributes + token.attribute_count; ++i)
    tree_->attributes[i].id = foreign_attribute(tree_->attributes[i].id, ns);
  if (token.self_closing) append(token, ns);
  else insert(token, ns);
  return done;
}

// True if the rules of foreign content dealt with the end tag; `next` then says whether it is to be processed again.
bool Builder::end_in_foreign(Token& token, Next& next) {
  next = done;
  if (token.tag == tag::p || token.tag == tag::br) {
    leave_foreign();
    next = end_in_mode(token);
    return true;
  }
  for (size_t slot = open_.size(); slot-- > 1;) {
    spend(1);
    const uint16_t k = open_keys_[slot];
    if (k < kNsKeys) break;
    const uint16_t t = k % kNsKeys;
    const bool same = t == token.tag || (k < 2 * kNsKeys && t == svg_tag(token.tag));
    if (!same || (t == tag::unknown && tree_->text(tree_->nodes[open_[slot]].range) != tree_->text(token.range))) continue;
    pop_to(slot);
    return true;
  }
  return false;
}

}  // namespace millrace::html
