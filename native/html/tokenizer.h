#pragma once
#include "native/html/scan.h"
#include "native/html/tree.h"

namespace millrace::html {

struct Token {
  enum Type : uint8_t { text, start_tag, end_tag, comment, doctype, end };
  Type type = end;
  bool self_closing = false;
  bool has_nul = false;       // text may hold NULs
  bool force_quirks = false;  // doctype
  bool has_public = false, has_system = false;
  uint16_t tag = 0;
  uint16_t attribute_count = 0;
  uint32_t attributes = 0;  // they are the last ones of Tree::attributes
  Range range;              // text, comment, or name
  Range public_id, system_id;
};

// How text is read: WHATWG HTML 13.2.5.1 to 13.2.5.5.
enum class Content : uint8_t { data, rcdata, rawtext, script, plaintext, cdata };

// The tokenizer of WHATWG HTML 13.2.5 over a whole input, without parse errors. States of the standard are positions in this code: as all
// input is there, a run is searched for its end instead of being walked. Ranges point into tree.buffer, which must begin with the input.
// Text may come in several tokens; CR LF, CR -> LF and (outside data) NUL -> U+FFFD are done here.
class Tokenizer {
 public:
  void reset(Tree& tree, std::string_view input, const Limits& limits);

  // The next token; Token::end for ever behind the last one. `cdata_allowed`: the adjusted current node is foreign.
  void next(Token& token, bool cdata_allowed);

  // Switches how text is read; all but data and plaintext end at the end tag `name` (lower case).
  void enter(Content content, std::string_view name) {
    content_ = content;
    end_name_ = name;
  }

 private:
  bool markup(Token& token, bool cdata_allowed);  // at '<' of markup; false if nothing came of it
  bool tag(Token& token, size_t name, bool closing);
  bool attribute(size_t& at, Token& token);
  bool quoted_value(size_t& at, char quote, Range& value);
  bool unquoted_value(size_t& at, Range& value);
  Range name_at(size_t& at, bool attribute);
  void comment(Token& token, size_t from);
  void bogus_comment(Token& token, size_t from);
  void doctype(Token& token, size_t from);
  void data(Token& token);
  void raw(Token& token);
  size_t script_end(size_t from);
  void cdata(Token& token);
  bool ends_content(size_t at) const;
  bool starts_markup(size_t at) const;
  bool matches(size_t at, std::string_view word) const;  // ASCII case-insensitive; word in lower case
  size_t skip_space(size_t at) const;

  Range range(size_t from, size_t to) const { return {static_cast<uint32_t>(from), static_cast<uint32_t>(to - from)}; }
  uint32_t open_range() const { return static_cast<uint32_t>(tree_->buffer.size()); }
  Range close_range(uint32_t from) const { return {from, static_cast<uint32_t>(tree_->buffer.size()) - from}; }
  void copy(size_t from, size_t to) { tree_->buffer.append(in_ + from, to - from); }
  Range copied(size_t from, size_t to, bool lower);  // CR LF -> LF, NUL -> U+FFFD, and lower case if asked
  size_t reference(size_t at, bool in_attribute);    // decodes at '&' into decoded_: bytes consumed, 0 if it is none

  const char* in_ = nullptr;
  size_t size_ = 0, at_ = 0;
  Tree* tree_ = nullptr;
  Limits limits_;
  Index index_;
  Content content_ = Content::data;
  std::string_view end_name_;
  std::string decoded_;
};

}  // namespace millrace::html
