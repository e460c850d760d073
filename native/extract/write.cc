// Blocks as Markdown or text. Emphasis is left out: what a page sets in bold says little to a reader of text, and its marks would be noise.
// List items keep the numbers that the page shows, also where items between them were dropped.
#include "native/extract/write.h"

#include "native/extract/table.h"
#include "native/extract/write_inline.h"
#include "native/extract/write_nesting.h"

namespace millrace::extract {

namespace {

class Writer {
 public:
  Writer(const Page& page, const WriteOptions& options, std::string& out)
      : page_(page), options_(options), out_(out), inline_(page, options), nesting_(page, options.max_nesting) {}

  void write(const Block& block) {
    body_.clear();
    switch (block.kind) {
      case BlockKind::text:
        inline_.write(block.first, block.end, Place::paragraph, body_);
        break;
      case BlockKind::heading:
        heading(block);
        break;
      case BlockKind::code:
        code(page_.at(block.container));
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
    separate();
    lines();
    follows_text_ = block.kind == BlockKind::text;
  }

 private:
  bool markdown() const { return options_.format == Format::markdown; }

  void heading(const Block& block) {
    if (markdown()) body_.append(block.level ? block.level : 1, '#') += ' ';
    const auto begin = body_.size();
    inline_.write(block.first, block.end, Place::heading, body_);
    if (body_.size() == begin) body_.clear();
    for (size_t i = begin; i < body_.size(); ++i)
      if (body_[i] == '\n') body_[i] = ' ';
  }

  void code(const Rescued& found) {
    if (found.text.empty()) return;
    if (!markdown()) {
      body_ = found.text;
      return;
    }
    const std::string fence(std::max<size_t>(3, longest_run(found.text) + 1), '`');
    const bool named = found.language.find_first_of("` \t\n\r") == found.language.npos;
    body_.append(fence).append(named ? found.language : "").append("\n").append(found.text).append("\n").append(fence);
  }

  // Mark of a level on its first line, or what stands in its place on the others.
  void mark(const Nesting::Level& level, bool first, std::string& prefix) const {
    if (!level.item) {
      if (markdown()) prefix.append("> ");
      return;
    }
    if (!level.ordered) {
      prefix.append(first ? "- " : "  ");
      return;
    }
    const auto number = std::to_string(level.number);
    if (first) {
      prefix.append(number).append(markdown() && level.other ? ") " : ". ");
    } else {
      prefix.append(number.size() + 2, ' ');
    }
  }

  static void trim(std::string& prefix) {
    while (!prefix.empty() && prefix.back() == ' ') prefix.pop_back();
  }

  void separate() {
    if (out_.empty() || !written_) return;
    out_ += '\n';
    // An item follows its list, and a nested list the line of its item: numbers other than 1 do not interrupt a paragraph in Markdown.
    const auto common = nesting_.common();
    if (nesting_.next_item()) return;
    if (follows_text_ && common > 0 && common == nesting_.previous_size() && common < nesting_.size() && nesting_[common - 1].item &&
        nesting_[common].item && (!nesting_[common].ordered || nesting_[common].number == 1))
      return;
    prefix_.clear();
    for (size_t i = 0; i < common; ++i) mark(nesting_[i], false, prefix_);
    trim(prefix_);
    out_.append(prefix_) += '\n';
  }

  void lines() {
    written_ = true;
    if (nesting_.size() == 0) {
      out_.append(body_);
      return;
    }
    prefix_.clear();
    for (size_t i = 0; i < nesting_.size(); ++i) mark(nesting_[i], i >= nesting_.common(), prefix_);
    size_t begin = 0;
    for (bool first = true;; first = false) {
      const size_t end = std::min(body_.find('\n', begin), body_.size());
      if (!first && begin == end) {
        auto bare = prefix_;
        trim(bare);
        out_.append(bare);
      } else {
        out_.append(prefix_).append(body_, begin, end - begin);
      }
      if (end == body_.size()) return;
      out_ += '\n';
      begin = end + 1;
      if (first) {
        prefix_.clear();
        for (size_t i = 0; i < nesting_.size(); ++i) mark(nesting_[i], false, prefix_);
      }
    }
  }

  const Page& page_;
  const WriteOptions& options_;
  std::string& out_;
  InlineWriter inline_;
  Nesting nesting_;
  std::string body_, prefix_;
  bool written_ = false, follows_text_ = false;
};

}  // namespace

void write_blocks(const Page& page, std::span<const Block> blocks, const WriteOptions& options, std::string& out) {
  if (options.format == Format::html) {
    write_blocks_html(page, blocks, options, out);
    return;
  }
  Writer writer(page, options, out);
  for (const auto& block : blocks) writer.write(block);
}

}  // namespace millrace::extract
