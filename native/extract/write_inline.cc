// One line or paragraph of text: text nodes joined, white space collapsed as browsers show it, rescued formulas and code put in.
//
// The line is first written as it reads, with the stretches that are our own markup noted; then delimited TeX is brought to dollars and the
// rest is escaped. Most lines hold nothing that needs either, and are written once.
#include "native/extract/write_inline.h"

#include <algorithm>
#include <array>

#include "native/extract/table.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

// Tables within cells of tables that are written as tables; the cells of deeper ones are written in lines.
constexpr uint32_t kMaxTables = 4;
// Ancestors that are looked at for a link around a block.
constexpr int kMaxLinkSteps = 32;

enum Class : uint8_t { kPlain = 0, kSpecial = 1, kStop = 2, kBlank = 2, kControl, kC2, kEF };

// kSpecial: what Markdown or HTML may take for markup inside a line.
constexpr auto kClasses = [] {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 32; ++c) classes[size_t(c)] = kControl;
  classes[127] = kControl;
  for (char c : {' ', '\n', '\t', '\r', '\f'}) classes[size_t(c)] = kBlank;
  for (char c : {'\\', '`', '*', '_', '~', '$', '[', ']', '!', '<', '>', '&', '#'}) classes[size_t(c)] = kSpecial;
  classes[0xc2] = kC2;
  classes[0xef] = kEF;
  return classes;
}();

uint8_t class_of(char c) { return kClasses[static_cast<uint8_t>(c)]; }

}  // namespace

void write_inline(const Page& page, NodeId first, NodeId end, const WriteOptions& options, std::string& out) {
  InlineWriter(page, options).write(first, end, Place::cell, out);
}

void InlineWriter::write(NodeId first, NodeId end, Place place, std::string& out) {
  out_ = &out;
  start_ = out.size();
  kept_.clear();
  code_.clear();
  link_ = kNoNode;
  bracket_ = space_ = line_ = special_ = false;
  if (first == kNoNode) return;
  if (options_.links && options_.format != Format::text) {
    NodeId above = tree_[first].parent;
    for (int steps = 0; above != kNoNode && steps < kMaxLinkSteps; above = tree_[above].parent, ++steps)
      if (tree_[above].tag == tag::a && tree_[above].kind == html::Kind::element) {
        open_link(above);
        break;
      }
  }
  for (NodeId id = first; id != end && id != kNoNode;) {
    if (enter(id) && tree_[id].first_child != kNoNode) {
      id = tree_[id].first_child;
      continue;
    }
    while (id != kNoNode && tree_[id].next == kNoNode) {
      id = tree_[id].parent;
      if (id != kNoNode) leave(id);
    }
    if (id != kNoNode) id = tree_[id].next;
  }
  if (link_ != kNoNode) close_link();
  end_code();
  if (page_.delimiters.any()) read_delimiters();
  if (options_.format == Format::html) {
    escape_html(out, start_, kept_, scratch_);
  } else if (options_.format == Format::markdown && (special_ || place != Place::cell)) {
    escape_markdown(out, start_, kept_, place, special_, scratch_);
  }
}

// True where the children are to be visited.
bool InlineWriter::enter(NodeId id) {
  const auto& node = tree_[id];
  if (node.kind == html::Kind::text) {
    text(tree_.text(node.range));
    return false;
  }
  if (node.kind != html::Kind::element) return false;
  switch (page_.role[id]) {
    case Role::skip:
      return false;
    case Role::formula:
      formula(page_.at(id).text, page_.at(id).block);
      return false;
    case Role::code:
      code(page_.at(id));
      return false;
    case Role::table:
      line_ = true;
      if (options_.format == Format::html && options_.tables < kMaxTables) {
        WriteOptions inner = options_;
        ++inner.tables;
        std::string table;
        write_table(page_, id, inner, table);
        keep(Kept::markup, table);
        line_ = true;
        return false;
      }
      return true;
    case Role::none:
      break;
  }
  if (is_left_out(node.tag)) return false;
  if (node.tag == tag::br || is_block(tree_, id)) {
    line_ = true;
    return true;
  }
  if (node.tag == tag::a) open_link(id);
  if (node.tag == tag::img) image(node);
  return node.tag != tag::sup || !power(id);
}

// Called for ancestors that end, entered or not, but not for nodes without children.
void InlineWriter::leave(NodeId id) {
  if (id == link_) close_link();
  if (is_block(tree_, id)) line_ = true;
}

void InlineWriter::text(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const char* run = at;
  while (at < end) {
    const uint8_t kind = class_of(*at);
    if (kind < kStop) {
      special_ |= kind != kPlain;
      ++at;
      continue;
    }
    // One space between two characters is part of the run.
    if (*at == ' ' && at > run && at + 1 < end && class_of(at[1]) < kStop) {
      at += 1;
      continue;
    }
    size_t size = 1;
    bool space = kind == kBlank;
    if (kind == kC2) {
      const bool blank = at + 1 < end && at[1] == '\xa0', hyphen = at + 1 < end && at[1] == '\xad';
      if (!blank && !hyphen) {
        at += 1;
        continue;
      }
      space = blank;
      size = 2;
    } else if (kind == kEF) {
      if (end - at < 3 || at[1] != '\xbb' || at[2] != '\xbf') {
        at += 1;
        continue;
      }
      size = 3;
    }
    put({run, static_cast<size_t>(at - run)});
    space_ |= space;
    at += size;
    run = at;
  }
  put({run, static_cast<size_t>(at - run)});
}

void InlineWriter::put(std::string_view run) {
  if (run.empty()) return;
  separate();
  if (link_ == kNoNode || options_.format != Format::markdown || run.find_first_of("[]") == run.npos) {
    out_->append(run);
    return;
  }
  for (char c : run) {
    if (c == '[' || c == ']') {
      keep(Kept::markup, c == '[' ? "\\[" : "\\]");
    } else {
      *out_ += c;
    }
  }
}

// What stands between the last character and the next one.
void InlineWriter::separate() {
  end_code();
  if (out_->size() > start_ && (line_ || space_)) *out_ += line_ ? '\n' : ' ';
  line_ = space_ = false;
  if (!bracket_) return;
  bracket_ = false;
  const auto at = out_->size();
  if (options_.format == Format::markdown) {
    *out_ += '[';
  } else {
    out_->append("<a href=\"");
    append_address(*out_, tree_.value(tree_[link_], attr::href), options_.format);
    out_->append("\">");
  }
  kept_.push_back({Kept::markup, at, out_->size()});
}

void InlineWriter::keep(Kept::Kind kind, std::string_view markup) {
  if (markup.empty()) return;
  separate();
  kept_.push_back({kind, out_->size(), out_->size() + markup.size()});
  out_->append(markup);
}

void InlineWriter::formula(std::string_view latex, bool display) {
  if (latex.empty()) return;
  separate();
  const auto at = out_->size();
  append_formula(*out_, latex, display, options_);
  kept_.push_back({Kept::formula, at, out_->size()});
}

void InlineWriter::code(const Rescued& found) {
  if (found.text.empty()) return;
  if (found.block) line_ = true;
  if (options_.format == Format::markdown) {
    // Waits for what follows: two spans that touch would be read as one with backticks in it, so they are written as one.
    if (code_.empty() || line_ || space_ || bracket_) separate();
    code_.append(found.text);
  } else {
    separate();
    const auto at = out_->size();
    const bool html = options_.format == Format::html;
    if (html) {
      out_->append(found.block ? "<pre><code>" : "<code>");
      append_html(*out_, found.text);
      out_->append(found.block ? "</code></pre>" : "</code>");
    } else {
      out_->append(found.text);
    }
    kept_.push_back({Kept::code, at, out_->size()});
  }
  if (found.block) line_ = true;
}

void InlineWriter::end_code() {
  if (code_.empty()) return;
  const auto at = out_->size();
  append_code_span(*out_, code_);
  kept_.push_back({Kept::code, at, out_->size()});
  code_.clear();
}

void InlineWriter::image(const Node& node) {
  if (!options_.images || options_.format == Format::text) return;
  std::string address;
  if (!append_address(address, tree_.value(node, attr::src), options_.format) &&
      !append_address(address, tree_.value(node, attr::data_src), options_.format))
    return;
  std::string markup;
  const auto alt = trimmed(tree_.value(node, attr::alt));
  if (options_.format == Format::html) {
    markup.append("<img src=\"").append(address).append("\" alt=\"");
    append_html(markup, alt);
    markup.append("\">");
  } else {
    markup = "![";
    for (char c : alt) {
      if (c == '[' || c == ']' || c == '\\' || c == '`' || c == '<' || c == '&') markup += '\\';
      markup += is_space(c) ? ' ' : c;
    }
    markup.append("](").append(address).append(")");
  }
  keep(Kept::markup, markup);
}

// 10<sup>6</sup> without its mark would be another number. True where it was written.
bool InlineWriter::power(NodeId id) {
  const NodeId child = tree_[id].first_child;
  if (link_ != kNoNode || space_ || line_ || !code_.empty() || child == kNoNode) return false;
  if (tree_[child].kind != html::Kind::text || tree_[child].next != kNoNode) return false;
  const auto exponent = trimmed(tree_.text(child));
  if (!is_power(std::string_view(*out_).substr(start_), exponent)) return false;
  const bool html = options_.format == Format::html;
  keep(Kept::markup, html ? "<sup>" : "^");
  text(exponent);
  if (html) keep(Kept::markup, "</sup>");
  return true;
}

void InlineWriter::open_link(NodeId id) {
  if (!options_.links || options_.format == Format::text || link_ != kNoNode) return;
  std::string address;
  if (!append_address(address, tree_.value(tree_[id], attr::href), options_.format)) return;
  link_ = id;
  bracket_ = true;
}

void InlineWriter::close_link() {
  end_code();
  if (!bracket_) {
    const auto at = out_->size();
    if (options_.format == Format::markdown) {
      out_->append("](");
      append_address(*out_, tree_.value(tree_[link_], attr::href), options_.format);
      *out_ += ')';
    } else {
      out_->append("</a>");
    }
    kept_.push_back({Kept::markup, at, out_->size()});
  }
  bracket_ = false;
  link_ = kNoNode;
}

// Rewrites the line with its delimited TeX between dollars. Code and formulas are not looked into.
void InlineWriter::read_delimiters() {
  auto& out = *out_;
  const std::string_view line = std::string_view(out).substr(start_);
  bool maybe = false;
  for (const auto& pair : page_.delimiters.pairs) maybe = maybe || (!pair.open.empty() && line.find(pair.open) != line.npos);
  if (!maybe) return;
  scratch_.clear();
  moved_.clear();
  size_t at = start_;
  bool any = false;
  const auto stretch = [&](size_t end) {
    if (end <= at) return;
    const std::string_view piece(out.data() + at, end - at);
    found_.clear();
    find_delimited(piece, page_.delimiters, found_);
    size_t done = 0;
    for (const auto& found : found_) {
      const auto latex = trimmed(found.latex);
      if (latex.empty() || found.begin < done || found.end > piece.size()) continue;
      any = true;
      scratch_.append(piece.substr(done, found.begin - done));
      const auto from = start_ + scratch_.size();
      append_formula(scratch_, latex, found.display, options_);
      moved_.push_back({Kept::formula, from, start_ + scratch_.size()});
      done = found.end;
    }
    scratch_.append(piece.substr(done));
  };
  for (const auto& kept : kept_) {
    stretch(kept.begin);
    const auto from = start_ + scratch_.size();
    scratch_.append(out, kept.begin, kept.end - kept.begin);
    moved_.push_back({kept.kind, from, start_ + scratch_.size()});
    at = kept.end;
  }
  stretch(out.size());
  if (!any) return;
  out.replace(start_, out.npos, scratch_);
  kept_.swap(moved_);
}

}  // namespace millrace::extract
