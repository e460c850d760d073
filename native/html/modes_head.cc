// Insertion modes before the body (13.2.6.4.1 to 13.2.6.4.6), and templates' end.
#include "native/html/builder.h"

namespace millrace::html {

void Builder::leave_initial() {
  tree_->quirks = Quirks::full;
  mode_ = before_html;
}

void Builder::open_html() {
  insert_implied(tag::html);
  mode_ = before_head;
}

void Builder::open_head() {
  insert_implied(tag::head);
  head_ = current();
  mode_ = in_head;
}

void Builder::open_body() {
  insert_implied(tag::body);
  mode_ = in_body;
}

Builder::Next Builder::leave_head() {
  pop();
  mode_ = after_head;
  return again;
}

Builder::Next Builder::leave_head_noscript() {
  pop();
  mode_ = in_head;
  return again;
}

Builder::Next Builder::start_before_html(Token& token) {
  if (token.tag != tag::html) return open_html(), again;
  insert(token);
  mode_ = before_head;
  return done;
}

static bool opens_what_is_missing(uint16_t tag) { return tag == tag::head || tag == tag::body || tag == tag::html || tag == tag::br; }

Builder::Next Builder::end_before_html(Token& token) { return opens_what_is_missing(token.tag) ? (open_html(), again) : done; }

Builder::Next Builder::start_before_head(Token& token) {
  if (token.tag == tag::html) return start_in_body(token), done;
  if (token.tag != tag::head) return open_head(), again;
  insert(token);
  head_ = current();
  mode_ = in_head;
  return done;
}

Builder::Next Builder::end_before_head(Token& token) { return opens_what_is_missing(token.tag) ? (open_head(), again) : done; }

// An element whose content the tokenizer reads as text.
void Builder::raw_text(Token& token, Content content) {
  const NodeId node = new_element(token, Ns::html);
  attach(node, insertion_place());
  push(node);
  tokenizer_.enter(content, tag_name(token.tag));
  original_mode_ = mode_;
  mode_ = in_text;
}

Builder::Next Builder::start_in_head(Token& token) {
  switch (token.tag) {
    case tag::html: start_in_body(token); return done;
    case tag::base: case tag::basefont: case tag::bgsound: case tag::link: case tag::meta: append(token); return done;
    case tag::title: raw_text(token, Content::rcdata); return done;
    case tag::noframes: case tag::style: raw_text(token, Content::rawtext); return done;
    case tag::script: raw_text(token, Content::script); return done;
    case tag::noscript:
      insert(token);
      mode_ = in_head_noscript;
      return done;
    case tag::template_:
      if (!insert(token)) return done;
      push_marker();
      frameset_ok_ = false;
      mode_ = in_template;
      template_modes_.push_back(in_template);
      return done;
    case tag::head: return done;
    default: return leave_head();
  }
}

void Builder::end_template() {
  if (templates_ == 0) return;
  imply_end_tags(0xffff, true);
  pop_through(tag::template_);
  clear_to_marker();
  if (!template_modes_.empty()) template_modes_.pop_back();
  reset_mode();
}

Builder::Next Builder::end_in_head(Token& token) {
  switch (token.tag) {
    case tag::head:
      pop();
      mode_ = after_head;
      return done;
    case tag::body: case tag::br: case tag::html: return leave_head();
    case tag::template_: end_template(); return done;
    default: return done;
  }
}

Builder::Next Builder::start_in_head_noscript(Token& token) {
  switch (token.tag) {
    case tag::html: start_in_body(token); return done;
    case tag::basefont: case tag::bgsound: case tag::head: case tag::link: case tag::meta: case tag::noframes: case tag::style:
      return start_in_head(token);
    case tag::noscript: return done;
    default: return leave_head_noscript();
  }
}

Builder::Next Builder::end_in_head_noscript(Token& token) {
  if (token.tag == tag::br) return leave_head_noscript();
  if (token.tag == tag::noscript) leave_head_noscript();
  return done;
}

Builder::Next Builder::start_after_head(Token& token) {
  switch (token.tag) {
    case tag::html: start_in_body(token); return done;
    case tag::body:
      insert(token);
      frameset_ok_ = false;
      mode_ = in_body;
      return done;
    case tag::frameset:
      insert(token);
      mode_ = in_frameset;
      return done;
    case tag::base: case tag::basefont: case tag::bgsound: case tag::link: case tag::meta: case tag::noframes: case tag::script: case tag::style:
    case tag::template_: case tag::title:
      push(head_);
      start_in_head(token);
      remove_open(head_);
      return done;
    case tag::head: return done;
    default: return open_body(), again;
  }
}

Builder::Next Builder::end_after_head(Token& token) {
  switch (token.tag) {
    case tag::body: case tag::html: case tag::br: return open_body(), again;
    case tag::template_: end_template(); return done;
    default: return done;
  }
}

}  // namespace millrace::html
