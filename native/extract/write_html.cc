// Blocks as a cleaned fragment of HTML: the elements that carry meaning for a reader of text, and of attributes only those that write.h
// names. Formulas stand as Pandoc writes them, so that MathJax, and this extractor, find them again.
#include "native/extract/table.h"
#include "native/extract/write_inline.h"
#include "native/extract/write_nesting.h"

namespace millrace::extract {
namespace {

class HtmlWriter {
 public:
  HtmlWriter(const Page& page, const WriteOptions& options, std::string& out)
      : page_(page), options_(options), out_(out), inline_(page, options), nesting_(page, options.max_nesting) {}

  void write(const Block& block) {
    body_.clear();
    switch (block.kind) {
      case BlockKind::text:
        inline_.write(block.first, block.end, Place::paragraph, body_);
        break;
      case BlockKind::heading:
        inline_.write(block.first, block.end, Place::heading, body_);
        break;
      case BlockKind::code:
        append_html(body_, page_.at(block.container).text);
        break;
      case BlockKind::formula:
        if (const auto& latex = page_.at(block.container).text; !latex.empty()) append_formula(body_, latex, true, options_);
        break;
      case BlockKind::table:
        write_table(page_, block.container, options_, body_);
        while (!body_.empty() && body_.back() == '\n') body_.pop_back();
        break;
    }
    if (body_.empty()) return;
    const bool alone = block.kind == BlockKind::code || block.kind == BlockKind::formula || block.kind == BlockKind::table;
    nesting_.move(alone ? page_.tree[block.container].parent : block.container);
    borders();
    switch (block.kind) {
      case BlockKind::text: {
        // The text of an item needs no paragraph of its own where it comes first.
        const bool bare = opened_item_ && nesting_[nesting_.size() - 1].node == block.container;
        out_.append(bare ? "" : "<p>").append(body_).append(bare ? "" : "</p>");
        break;
      }
      case BlockKind::heading: {
        const char level = static_cast<char>('0' + (block.level ? block.level : 1));
        ((out_.append("<h") += level) += '>').append(body_).append("</h") += level;
        out_ += '>';
        break;
      }
      case BlockKind::code: {
        const auto& language = page_.at(block.container).language;
        out_.append("<pre><code");
        if (!language.empty()) {
          out_.append(" class=\"language-");
          append_html(out_, language);
          out_ += '"';
        }
        out_.append(">").append(body_).append("</code></pre>");
        break;
      }
      case BlockKind::formula:
        out_.append("<p>").append(body_).append("</p>");
        break;
      case BlockKind::table:
        out_.append(body_);
        break;
    }
  }

  void finish() {
    while (!open_.empty()) close();
  }

 private:
  // Closes and opens lists, items and quotes between the block before and this one.
  void borders() {
    const auto common = nesting_.common();
    const bool next = nesting_.next_item();
    while (open_.size() > common + (next ? 1 : 0)) close();
    const bool fresh = out_.empty();
    if (next) {
      out_.append("</li>");
      item(nesting_[common], open_.back().number + 1);
      open_.back() = nesting_[common];
    } else if (!fresh && written_) {
      out_ += '\n';
    }
    written_ = true;
    opened_item_ = next;
    for (size_t i = open_.size(); i < nesting_.size(); ++i) {
      const auto& level = nesting_[i];
      if (!level.item) {
        out_.append("<blockquote>\n");
        opened_item_ = false;
      } else {
        out_.append(level.ordered ? "<ol" : "<ul");
        if (level.ordered && level.number != 1) out_.append(" start=\"").append(std::to_string(level.number)).append("\"");
        out_ += '>';
        item(level, level.number);
        opened_item_ = true;
      }
      open_.push_back(level);
    }
  }

  void item(const Nesting::Level& level, uint32_t expected) {
    out_.append("\n<li");
    if (level.ordered && level.number != expected) out_.append(" value=\"").append(std::to_string(level.number)).append("\"");
    out_ += '>';
  }

  void close() {
    const auto& level = open_.back();
    out_.append(!level.item ? "\n</blockquote>" : level.ordered ? "</li>\n</ol>" : "</li>\n</ul>");
    open_.pop_back();
  }

  const Page& page_;
  const WriteOptions& options_;
  std::string& out_;
  InlineWriter inline_;
  Nesting nesting_;
  std::vector<Nesting::Level> open_;
  std::string body_;
  bool written_ = false, opened_item_ = false;
};

}  // namespace

void write_blocks_html(const Page& page, std::span<const Block> blocks, const WriteOptions& options, std::string& out) {
  HtmlWriter writer(page, options, out);
  for (const auto& block : blocks) writer.write(block);
  writer.finish();
}

}  // namespace millrace::extract
