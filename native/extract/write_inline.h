#pragma once
#include "native/extract/math.h"
#include "native/extract/write.h"

namespace millrace::extract {

// What the pieces of the writer share: write.cc, write_html.cc, write_inline.cc, write_escape.cc, write_marks.cc.

// Without white space around it.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// A stretch of the output that is markup of ours and stands as it is.
struct Kept {
  enum Kind : uint8_t { markup, formula, code } kind;
  size_t begin = 0, end = 0;
};

// Where inline content stands: only a paragraph's lines can be taken for headings, lists, fences and the like.
enum class Place : uint8_t { cell, heading, paragraph };

// Writes inline content and keeps its storage for the next one.
class InlineWriter {
 public:
  InlineWriter(const Page& page, const WriteOptions& options) : page_(page), tree_(page.tree), options_(options) {}
  // Appends to `out` the nodes from `first` on, before `end`.
  void write(NodeId first, NodeId end, Place place, std::string& out);

 private:
  bool enter(NodeId id);
  void leave(NodeId id);
  void text(std::string_view text);
  void put(std::string_view run);
  void separate();
  void keep(Kept::Kind kind, std::string_view markup);
  void formula(std::string_view latex, bool display);
  void code(const Rescued& found);
  void end_code();
  void image(const Node& node);
  bool power(NodeId id);
  void open_link(NodeId id);
  void close_link();
  void read_delimiters();

  const Page& page_;
  const Tree& tree_;
  const WriteOptions& options_;
  std::string* out_ = nullptr;
  size_t start_ = 0;
  std::vector<Kept> kept_, moved_;
  std::vector<Delimited> found_;
  std::string scratch_, code_;  // code_: of a span that is still to be written
  NodeId link_ = kNoNode;
  bool bracket_ = false;  // the link's opening mark is still to be written
  bool space_ = false, line_ = false, special_ = false;
};

// Puts backslashes into out[start, …) so that a reader of Markdown gets the same text back. `kept` is in order; `special` says that marks may
// stand within lines, not only at their beginnings; `scratch` is storage.
void escape_markdown(std::string& out, size_t start, const std::vector<Kept>& kept, Place place, bool special, std::string& scratch);

// The same for HTML: & < > as references, LF as <br>.
void escape_html(std::string& out, size_t start, const std::vector<Kept>& kept, std::string& scratch);

// write_blocks for Format::html.
void write_blocks_html(const Page& page, std::span<const Block> blocks, const WriteOptions& options, std::string& out);

// Appends text with & < > " as references.
void append_html(std::string& out, std::string_view text);

// Appends an address as Markdown and HTML can hold it; false and nothing for one that is empty, a place on the page, or not for the web.
bool append_address(std::string& out, std::string_view address, Format format);

// Length of the longest run of backticks.
size_t longest_run(std::string_view text);

// Appends `code` as a code span of one line.
void append_code_span(std::string& out, std::string_view code);

// Whether a superscript is a power: of ten, of a number or variable of one character, or of a unit of length. Anything else may be the mark of
// a footnote or the end of an ordinal. `before` is the line up to it.
bool is_power(std::string_view before, std::string_view exponent);

// Appends a formula in the format's way, without surrounding space.
void append_formula(std::string& out, std::string_view latex, bool display, const WriteOptions& options);

}  // namespace millrace::extract
