// The insertion mode "in body" (13.2.6.4.7), where nearly every token of a page goes.
#include <algorithm>

#include "native/html/builder.h"

namespace millrace::html {

void Builder::body_text(Range range, bool only_spaces) {
  const bool foster = foster_;
  foster_ |= mode_ == in_table || mode_ == in_table_body || mode_ == in_row;
  reconstruct();
  insert_text(range);
  foster_ = foster;
  if (!only_spaces) frameset_ok_ = false;
}

void Builder::close_p() {
  if (!in_scope(tag::p, kScope | kButtonScope)) return;
  imply_end_tags(tag::p);
  pop_through(tag::p);
}

void Builder::start_item(Token& token) {
  frameset_ok_ = false;
  for (size_t slot = open_.size(); slot-- > 0;) {
    spend(1);
    const uint16_t k = open_keys_[slot];
    if (token.tag == tag::li ? k == tag::li : k == tag::dd || k == tag::dt) {
      imply_end_tags(k);
      pop_through(k);
      break;
    }
    if ((tag_flags(k) & kSpecial) && !(tag_flags(k) & kItemPass)) break;
  }
  close_p();
  insert(token);
}

void Builder::start_a(Token& token) {
  if (const int entry = formatting_with_tag(tag::a); entry >= 0) {
    const NodeId node = formatting_[static_cast<size_t>(entry)].node;
    adoption_agency(token);
    remove_open(node);
    if (const int left = formatting_of(node); left >= 0) formatting_.erase(formatting_.begin() + left);
  }
  start_formatting(token);
}

void Builder::start_formatting(Token& token) {
  reconstruct();
  if (insert(token)) push_formatting(current());
}

void Builder::start_void(Token& token) {
  reconstruct();
  append(token);
  frameset_ok_ = false;
}

void Builder::start_foreign_root(Token& token, Ns ns) {
  reconstruct();
  for (uint32_t i = token.attributes; i < token.attributes + token.attribute_count; ++i)
    tree_->attributes[i].id = foreign_attribute(tree_->attributes[i].id, ns);
  if (token.self_closing) append(token, ns);
  else insert(token, ns);
}

bool Builder::is_hidden_input(const Token& token) const {
  for (uint32_t i = token.attributes; i < token.attributes + token.attribute_count; ++i) {
    const Attribute& a = tree_->attributes[i];
    if (a.id != attr::type) continue;
    constexpr std::string_view hidden = "hidden";
    const auto value = tree_->text(a.value);
    return value.size() == 6 && std::equal(value.begin(), value.end(), hidden.begin(), [](char x, char y) { return (x | 0x20) == y; });
  }
  return false;
}

// Attributes that <html> or <body> does not have yet; the list moves to the end of all, as ranges must stay whole.
void Builder::adopt_attributes(NodeId element, const Token& token) {
  auto& all = tree_->attributes;
  Node& node = tree_->nodes[element];
  const auto lacks = [&](const Attribute& a) {
    for (uint32_t i = node.attributes; i < node.attributes + node.attribute_count; ++i) {
      spend(1);
      if (all[i].id == a.id && (a.id || tree_->text(all[i].name) == tree_->text(a.name))) return false;
    }
    return true;
  };
  std::vector<Attribute> added;
  for (uint32_t i = token.attributes; i < token.attributes + token.attribute_count; ++i)
    if (lacks(all[i])) added.push_back(all[i]);
  if (added.empty()) return;
  const size_t room = limits_.max_attributes - std::min<size_t>(limits_.max_attributes, node.attribute_count);
  if (added.size() > room) {
    tree_->cuts |= kCutAttributes;
    added.resize(room);
  }
  const auto first = static_cast<uint32_t>(all.size());
  all.reserve(all.size() + node.attribute_count + added.size());
  for (uint32_t i = 0; i < node.attribute_count; ++i) all.push_back(all[node.attributes + i]);
  all.insert(all.end(), added.begin(), added.end());
  node.attributes = first;
  node.attribute_count = static_cast<uint16_t>(node.attribute_count + added.size());
}

void Builder::start_in_body(Token& token) {
  switch (token.tag) {
    case tag::b: case tag::big: case tag::code: case tag::em: case tag::font: case tag::i: case tag::s: case tag::small: case tag::strike:
    case tag::strong: case tag::tt: case tag::u:
      return start_formatting(token);
    case tag::a: return start_a(token);
    case tag::h1: case tag::h2: case tag::h3: case tag::h4: case tag::h5: case tag::h6:
      close_p();
      if (const uint16_t k = current_key(); k >= tag::h1 && k <= tag::h6) pop();
      insert(token);
      return;
    case tag::address: case tag::article: case tag::aside: case tag::blockquote: case tag::center: case tag::details: case tag::dialog: case tag::dir:
    case tag::div: case tag::dl: case tag::fieldset: case tag::figcaption: case tag::figure: case tag::footer: case tag::header: case tag::hgroup:
    case tag::main: case tag::menu: case tag::nav: case tag::ol: case tag::p: case tag::search: case tag::section: case tag::summary: case tag::ul:
      close_p();
      insert(token);
      return;
    case tag::li: case tag::dd: case tag::dt: return start_item(token);
    case tag::image: token.tag = tag::img; return start_void(token);
    case tag::area: case tag::br: case tag::embed: case tag::img: case tag::keygen: case tag::wbr: return start_void(token);
    case tag::hr:
      close_p();
      append(token);
      frameset_ok_ = false;
      return;
    case tag::rb: case tag::rtc:
      if (in_scope(tag::ruby, kScope)) imply_end_tags();
      insert(token);
      return;
    case tag::rp: case tag::rt:
      if (in_scope(tag::ruby, kScope)) imply_end_tags(tag::rtc);
      insert(token);
      return;
    case tag::pre: case tag::listing:
      close_p();
      insert(token);
      skip_newline_ = true;
      frameset_ok_ = false;
      return;
    case tag::xmp:
      close_p();
      reconstruct();
      frameset_ok_ = false;
      return raw_text(token, Content::rawtext);
    case tag::svg: return start_foreign_root(token, Ns::svg);
    case tag::math: return start_foreign_root(token, Ns::math);
    case tag::html:
      if (templates_ == 0 && !open_.empty()) adopt_attributes(open_[0], token);
      return;
    case tag::base: case tag::basefont: case tag::bgsound: case tag::link: case tag::meta: case tag::script: case tag::style: case tag::template_:
    case tag::title:
      start_in_head(token);
      return;
    case tag::body:
      if (open_.size() < 2 || open_keys_[1] != tag::body || templates_ > 0) return;
      frameset_ok_ = false;
      return adopt_attributes(open_[1], token);
    case tag::form:
      if (form_ != kNoNode && templates_ == 0) return;
      close_p();
      if (insert(token) && templates_ == 0) form_ = current();
      return;
    case tag::nobr:
      reconstruct();
      if (in_scope(tag::nobr, kScope)) adoption_agency(token);
      return start_formatting(token);
    case tag::table:
      if (tree_->quirks != Quirks::full) close_p();
      frameset_ok_ = false;
      if (insert(token)) mode_ = in_table;
      return;
    case tag::input: {
      const bool ok = frameset_ok_ && is_hidden_input(token);
      start_void(token);
      frameset_ok_ = ok;
      return;
    }
    case tag::param: case tag::source: case tag::track: return append(token);
    case tag::button:
      if (in_scope(tag::button, kScope)) {
        imply_end_tags();
        pop_through(tag::button);
      }
      reconstruct();
      insert(token);
      frameset_ok_ = false;
      return;
    case tag::applet: case tag::marquee: case tag::object:
      reconstruct();
      if (insert(token)) push_marker();
      frameset_ok_ = false;
      return;
    case tag::iframe:
      frameset_ok_ = false;
      return raw_text(token, Content::rawtext);
    case tag::select: {
      reconstruct();
      frameset_ok_ = false;
      if (!insert(token)) return;
      const bool table = mode_ == in_table || mode_ == in_caption || mode_ == in_table_body || mode_ == in_row || mode_ == in_cell;
      mode_ = table ? in_select_in_table : in_select;
      return;
    }
    case tag::option: case tag::optgroup:
      if (current_is(tag::option)) pop();
      reconstruct();
      insert(token);
      return;
    case tag::noembed: case tag::noframes: return raw_text(token, Content::rawtext);
    case tag::frameset:
      if (!frameset_ok_ || open_.size() < 2 || open_keys_[1] != tag::body) return;
      detach(open_[1]);
      pop_to(1);
      insert(token);
      mode_ = in_frameset;
      return;
    case tag::textarea:
      frameset_ok_ = false;
      raw_text(token, Content::rcdata);
      skip_newline_ = true;
      return;
    case tag::plaintext:
      close_p();
      if (insert(token)) tokenizer_.enter(Content::plaintext, {});
      return;
    case tag::caption: case tag::col: case tag::colgroup: case tag::frame: case tag::head: case tag::tbody: case tag::td: case tag::tfoot:
    case tag::th: case tag::thead: case tag::tr:
      return;
    default:
      reconstruct();
      insert(token);
  }
}

void Builder::end_any_other(const Token& token) {
  for (size_t slot = open_.size(); slot-- > 1;) {
    spend(1);
    const uint16_t k = open_keys_[slot];
    if (k == token.tag && (k != tag::unknown || tree_->text(tree_->nodes[open_[slot]].range) == tree_->text(token.range))) {
      imply_end_tags(k);
      return pop_to(slot);
    }
    if (tag_flags(k) & kSpecial) return;
  }
}

void Builder::end_heading() {
  for (size_t slot = open_.size(); slot-- > 0;) {
    spend(1);
    const uint16_t k = open_keys_[slot];
    if (k >= tag::h1 && k <= tag::h6) {
      imply_end_tags();
      return pop_to(slot);
    }
    if (tag_flags(k) & kScope) return;
  }
}

void Builder::end_form() {
  const NodeId form = form_;
  if (templates_ > 0) {
    if (!in_scope(tag::form, kScope)) return;
    imply_end_tags();
    return pop_through(tag::form);
  }
  form_ = kNoNode;
  if (form == kNoNode || !in_scope(tag::form, kScope)) return;
  imply_end_tags();
  remove_open(form);
}

void Builder::end_in_body(Token& token) {
  const uint16_t t = token.tag;
  switch (t) {
    case tag::a: case tag::b: case tag::big: case tag::code: case tag::em: case tag::font: case tag::i: case tag::nobr: case tag::s: case tag::small:
    case tag::strike: case tag::strong: case tag::tt: case tag::u:
      return adoption_agency(token);
    case tag::p:
      if (!in_scope(tag::p, kScope | kButtonScope)) insert_implied(tag::p);
      return close_p();
    case tag::address: case tag::article: case tag::aside: case tag::blockquote: case tag::button: case tag::center: case tag::details: case tag::dialog:
    case tag::dir: case tag::div: case tag::dl: case tag::fieldset: case tag::figcaption: case tag::figure: case tag::footer: case tag::header:
    case tag::hgroup: case tag::listing: case tag::main: case tag::menu: case tag::nav: case tag::ol: case tag::pre: case tag::search: case tag::section:
    case tag::summary: case tag::ul:
      if (!in_scope(t, kScope)) return;
      imply_end_tags();
      return pop_through(t);
    case tag::li:
      if (!in_scope(t, kScope | kListScope)) return;
      imply_end_tags(t);
      return pop_through(t);
    case tag::dd: case tag::dt:
      if (!in_scope(t, kScope)) return;
      imply_end_tags(t);
      return pop_through(t);
    case tag::h1: case tag::h2: case tag::h3: case tag::h4: case tag::h5: case tag::h6: return end_heading();
    case tag::br:
      reconstruct();
      insert_implied(tag::br);
      pop();
      frameset_ok_ = false;
      return;
    case tag::body: case tag::html:
      if (in_scope(tag::body, kScope)) mode_ = t == tag::body ? after_body : after_after_body;
      return;
    case tag::form: return end_form();
    case tag::applet: case tag::marquee: case tag::object:
      if (!in_scope(t, kScope)) return;
      imply_end_tags();
      pop_through(t);
      return clear_to_marker();
    case tag::template_: return end_template();
    default: return end_any_other(token);
  }
}

}  // namespace millrace::html
