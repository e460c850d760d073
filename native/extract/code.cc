// Where code stands in a page. One pass finds blocks (pre, tables of numbered lines, editors, boxes of forum software) and collects <code>
// elements; a second pass, only where there are some, counts per element what text is not code, so that lines of code that a page set as one
// <code> each are put together, and code within a sentence stays there.
//
// The rules on grouping and line numbers are MinerU-Webkit's (extraction.md 3.8), restated bottom-up so that they are linear. Not theirs: code
// in list items and table cells is never grouped, since lists of names are more common there than programs.
#include "native/extract/code.h"

#include <algorithm>
#include <cstdint>

#include "native/extract/code_class.h"
#include "native/extract/code_language.h"
#include "native/extract/code_text.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr int kGutterLevels = 4, kInlineLevels = 64;
constexpr size_t kLabel = 24;
constexpr uint32_t kLongLine = 200;  // <tt> of more is a way to set prose

bool any_of(const Tree& tree, NodeId id, std::initializer_list<uint16_t> tags) {
  const auto& node = tree[id];
  if (node.kind != html::Kind::element || node.ns != html::Ns::html) return false;
  return std::find(tags.begin(), tags.end(), node.tag) != tags.end();
}

bool is_pre(const Tree& tree, NodeId id) { return any_of(tree, id, {tag::pre, tag::listing, tag::xmp}); }
bool is_inline_code(const Tree& tree, NodeId id) { return any_of(tree, id, {tag::code, tag::samp, tag::tt}); }
bool is_never_shown(const Tree& tree, NodeId id) {
  return any_of(tree, id, {tag::script, tag::style, tag::template_, tag::textarea, tag::head, tag::select, tag::iframe}) ||
         tree[id].ns != html::Ns::html;
}
// Code in these is a name or a value, not a program, unless it has lines of its own.
bool holds_names(const Tree& tree, NodeId id) {
  return any_of(tree, id, {tag::li, tag::td, tag::th, tag::dt, tag::dd, tag::h1, tag::h2, tag::h3, tag::h4, tag::h5, tag::h6, tag::caption,
                           tag::summary, tag::figcaption, tag::label, tag::a, tag::legend, tag::nav});
}
bool ends_group(const Tree& tree, NodeId id) {
  return holds_names(tree, id) || any_of(tree, id, {tag::body, tag::html, tag::main, tag::article, tag::section, tag::ul, tag::ol, tag::dl,
                                                    tag::table, tag::tbody, tag::tr, tag::details, tag::aside, tag::header, tag::footer});
}

bool blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_space(c); });
}

class Finder {
 public:
  explicit Finder(Page& page) : page_(page), tree_(page.tree), budget_(8 * uint64_t(page.tree.nodes.size()) + 64) {}

  void run() {
    for (NodeId id = tree_.following(0); id != kNoNode;) id = visit(id) ? tree_.following(id) : tree_.behind(id);
    if (!inlines_.empty()) {
      count_others();
      for (NodeId id : inlines_) place(id);
    }
    for (auto& found : found_)
      if (page_.role[found.node] == Role::none) page_.rescue(Role::code, std::move(found));
  }

 private:
  // True where the children are to be visited.
  bool visit(NodeId id) {
    const auto& node = tree_[id];
    if (node.kind != html::Kind::element) return node.kind == html::Kind::document;
    if (page_.role[id] != Role::none || is_never_shown(tree_, id)) return false;
    if (is_pre(tree_, id)) return !pre(id);
    if (is_element(tree_, id, tag::table)) return !line_table(id);
    if (is_inline_code(tree_, id)) {
      if (holds_pre(id)) return true;
      inlines_.push_back(id);
      return false;
    }
    if (node.attribute_count > 0 && any_of(tree_, id, {tag::div, tag::td, tag::ol}) && is_box(id)) return !box(id);
    return true;
  }

  void add(NodeId node, bool block, std::string text) {
    if (!text.empty()) found_.push_back({node, block, std::move(text), block ? code_language(tree_, node) : std::string()});
  }

  std::string text_of(NodeId id, CodeSpace space) {
    std::string text;
    append_code(page_, id, space, budget_, text);
    tidy_code(text);
    return text;
  }

  bool holds_pre(NodeId code) {
    for (NodeId id = tree_.following(code, code); id != kNoNode && budget_ > 0; id = tree_.following(id, code), --budget_)
      if (is_pre(tree_, id) || is_element(tree_, id, tag::table)) return true;
    return false;
  }

  // pre ------------------------------------------------------------------------------------------------------------------------------

  bool pre(NodeId id) {
    size_t outside = 0, paragraphs = 0, letters = 0;
    bool lines = false, inside = false;
    NodeId behind = kNoNode;  // the end of the <code> that is open
    for (NodeId at = tree_.following(id, id); at != kNoNode; at = tree_.following(at, id)) {
      const auto& node = tree_[at];
      if (inside && at == behind) inside = false;
      if (!inside && is_element(tree_, at, tag::code)) {
        inside = true;
        behind = tree_.behind(at, id);
      }
      if (node.kind == html::Kind::text) {
        const auto text = tree_.text(node.range);
        letters += text.size();
        if (!inside) {
          for (char c : text) outside += !is_space(c) && !(c >= '0' && c <= '9');
        } else {
          lines = lines || holds(text, "\n");
        }
      } else if (node.kind == html::Kind::element) {
        paragraphs += is_element(tree_, at, tag::p);
        if (any_of(tree_, at, {tag::h1, tag::h2, tag::h3, tag::h4, tag::form, tag::iframe, tag::pre})) return false;
        if (is_element(tree_, at, tag::table) && !is_line_table(at)) return false;
      }
    }
    if (paragraphs > 1 && letters / paragraphs > kLongLine) return false;
    // Pieces of code with lines of their own, and other text around them: the pre is the box of both.
    if (outside > 0 && lines) {
      boxes_ = true;
      return false;
    }
    auto text = text_of(id, CodeSpace::kept);
    if (text.empty()) {
      page_.skip(id);
      return true;
    }
    gutters(id, text);
    add(id, true, std::move(text));
    if (found_.back().language.empty()) found_.back().language = std::move(label_);
    return true;
  }

  // Skips the column of line numbers beside a block and the buttons around it.
  void gutters(NodeId id, std::string_view text) {
    const size_t lines = 1 + size_t(std::count(text.begin(), text.end(), '\n'));
    bool back = true, on = true;
    label_.clear();
    for (int level = 0; level < kGutterLevels && (back || on); ++level) {
      const NodeId parent = tree_[id].parent;
      if (parent == kNoNode || is_element(tree_, id, tag::body)) return;
      if (back) back = gutter(beside(id, false), lines) || header(beside(id, false));
      if (on) on = gutter(beside(id, true), lines);
      id = parent;
    }
  }

  // The next element beside a node, or the node itself where there is none but text.
  NodeId beside(NodeId id, bool on) {
    for (NodeId at = on ? tree_[id].next : tree_[id].previous; at != kNoNode; at = on ? tree_[at].next : tree_[at].previous) {
      if (budget_ == 0) return id;
      --budget_;
      if (tree_[at].kind == html::Kind::element) return at;
      if (tree_[at].kind == html::Kind::text && !blank(tree_.text(tree_[at].range))) return id;
    }
    return kNoNode;
  }

  // False where something else stands there: what is behind that is no gutter of this code.
  bool gutter(NodeId id, size_t lines) {
    if (id == kNoNode) return true;
    if (is_code_noise(tree_, id, budget_)) {
      page_.skip(id);
      return true;
    }
    const auto numbers = numbers_in(tree_, id, budget_);
    // One number a line, but for empty lines at the ends.
    const size_t slack = lines / 8;
    if (!numbers.sequence || numbers.count < 2 || numbers.count + slack < lines || numbers.count > lines + slack + 1) return false;
    if (numbers.count != lines && !is_gutter_class(class_of(tree_, id)) && lines < 8) return false;
    page_.skip(id);
    return true;
  }

  // The bar above a block: the name of its language, a button, or both. Skips it and keeps the name.
  bool header(NodeId id) {
    if (id == kNoNode || !any_of(tree_, id, {tag::div, tag::span, tag::header, tag::figcaption})) return false;
    std::string text;
    bool button = false;
    for (NodeId at = id; at != kNoNode; at = page_.role[at] != Role::none ? tree_.behind(at, id) : tree_.following(at, id)) {
      if (budget_ == 0) return false;
      --budget_;
      const auto& node = tree_[at];
      if (node.kind == html::Kind::element && is_code_noise(tree_, at, budget_)) {
        button = true;
        // What is in it is passed over; it holds a word or two.
        NodeId last = at;
        for (NodeId in = tree_.following(at, at); in != kNoNode && budget_ > 0; in = tree_.following(in, at), --budget_) last = in;
        at = last;
        continue;
      }
      if (node.kind != html::Kind::text) continue;
      for (char c : tree_.text(node.range)) {
        if (text.size() > kLabel) return false;
        if (!is_space(c)) text += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c;
      }
    }
    if (text.empty() ? !button : !is_language_name(text)) return false;
    if (!text.empty()) label_ = text;
    page_.skip(id);
    return true;
  }

  // Tables of lines ----------------------------------------------------------------------------------------------------------------------

  struct Row {
    NodeId code = kNoNode;  // the cell behind the last gutter
    bool numbered = false, text = false;
  };

  bool is_gutter_cell(NodeId cell) const {
    if (tree_.find(tree_[cell], attr::data_line_number) || is_gutter_class(class_of(tree_, cell))) return true;
    const NodeId child = tree_[cell].first_child;
    return child != kNoNode && tree_[child].kind == html::Kind::element && tree_[child].next == kNoNode &&
           tree_.find(tree_[child], attr::data_line_number);
  }

  bool is_code_cell(NodeId cell) const {
    if (any_class(class_of(tree_, cell), [](std::string_view token) { return holds(token, "code"); })) return true;
    int left = 8;
    for (NodeId at = tree_.following(cell, cell); at != kNoNode && left > 0; at = tree_.following(at, cell), --left)
      if (is_pre(tree_, at) || is_element(tree_, at, tag::code)) return true;
    return false;
  }

  Row read_row(NodeId tr) {
    Row row;
    bool after = false;
    for (NodeId cell = tree_[tr].first_child; cell != kNoNode; cell = tree_[cell].next) {
      if (!any_of(tree_, cell, {tag::td, tag::th})) continue;
      row.text = true;
      if (is_gutter_cell(cell)) {
        row.numbered = after = true;
        row.code = kNoNode;
        continue;
      }
      if (!after && !row.numbered && tree_[cell].first_child != kNoNode) {
        const auto numbers = numbers_in(tree_, cell, budget_);
        if (numbers.sequence && tree_[cell].next != kNoNode) {
          NodeId next = tree_[cell].next;
          while (next != kNoNode && tree_[next].kind != html::Kind::element) next = tree_[next].next;
          if (next != kNoNode && is_code_cell(next)) row.numbered = after = true;
          continue;
        }
      }
      if (after && row.code == kNoNode) row.code = cell;
      after = false;
    }
    return row;
  }

  template <class Use>
  void each_row(NodeId table, Use use) const {
    for (NodeId part = tree_[table].first_child; part != kNoNode; part = tree_[part].next) {
      if (is_element(tree_, part, tag::tr) && !use(part)) return;
      if (!any_of(tree_, part, {tag::tbody, tag::thead, tag::tfoot})) continue;
      for (NodeId tr = tree_[part].first_child; tr != kNoNode; tr = tree_[tr].next)
        if (is_element(tree_, tr, tag::tr) && !use(tr)) return;
    }
  }

  // Most rows have a gutter and code behind it; a table whose first rows have none is another table.
  bool is_line_table(NodeId table) {
    size_t rows = 0, numbered = 0;
    each_row(table, [&](NodeId tr) {
      const auto row = read_row(tr);
      rows += row.text;
      numbered += row.numbered && row.code != kNoNode;
      return numbered > 0 || rows < 3;
    });
    return numbered > 0 && numbered * 10 >= rows * 7;
  }

  bool line_table(NodeId table) {
    if (!is_line_table(table)) return false;
    std::string text;
    each_row(table, [&](NodeId tr) {
      const auto row = read_row(tr);
      if (row.code == kNoNode) return true;
      const size_t before = text.size();
      append_code(page_, row.code, CodeSpace::kept, budget_, text);
      if (text.size() == before || text.back() != '\n') text += '\n';
      return true;
    });
    tidy_code(text);
    if (text.empty()) return false;
    add(table, true, std::move(text));
    return true;
  }

  // Boxes without pre ---------------------------------------------------------------------------------------------------------------------

  // Editors in the page (CodeMirror, Ace, Monaco: one div a line) and forum software (Discuz! blockcode, phpBB 2 td.code, SMF div.code).
  bool is_box(NodeId id) const {
    return any_class(class_of(tree_, id), [&](std::string_view token) {
      switch (token.size()) {
        case 4: return token == "code" && !is_element(tree_, id, tag::ol);
        case 9: return token == "blockcode";
        case 10: return token == "cm-content" || token == "view-lines";
        case 14: return token == "ace_text-layer";
        case 15: return token == "codemirror-code";
        default: return false;
      }
    });
  }

  bool box(NodeId id) {
    bool lines = false;
    for (NodeId at = tree_.following(id, id); at != kNoNode; at = tree_.following(at, id)) {
      if (budget_ == 0) return false;
      --budget_;
      if (any_of(tree_, at, {tag::code, tag::table, tag::p, tag::h1, tag::h2, tag::h3, tag::h4}) || page_.role[at] != Role::none) return false;
      // CodeMirror 5 sets each line as a pre; any other pre is found by itself.
      if (is_pre(tree_, at) && !any_class(class_of(tree_, at), [](std::string_view token) { return token == "codemirror-line"; })) return false;
      lines = lines || (tree_[at].kind == html::Kind::element && (is_element(tree_, at, tag::br) || is_block(tree_, at)));
    }
    if (!lines) return false;
    // Discuz! puts its copy button, an em, behind the lines.
    for (NodeId at = tree_[id].first_child; at != kNoNode; at = tree_[at].next)
      if (any_of(tree_, at, {tag::em, tag::a}) && tree_.find(tree_[at], attr::onclick)) page_.skip(at);
    add(id, true, text_of(id, CodeSpace::kept));
    return true;
  }

  // <code> --------------------------------------------------------------------------------------------------------------------------------

  // others_[x]: characters in x, but for white space and digits, that are no code to be grouped.
  void count_others() {
    others_.assign(tree_.nodes.size(), 0);
    codes_.assign(tree_.nodes.size(), 0);
    group_.assign(tree_.nodes.size(), kNoNode);
    state_.assign(tree_.nodes.size(), State::open);
    for (NodeId id : inlines_) codes_[id] = 1;
    for (const auto& found : found_) others_[found.node] = 1;
    const auto leave = [&](NodeId id) {
      if (is_element(tree_, id, tag::a) && codes_[id] > 0) others_[id] += 1;  // a list of links to names
      const NodeId parent = tree_[id].parent;
      if (parent == kNoNode) return;
      others_[parent] = uint32_t(std::min<uint64_t>(UINT32_MAX, uint64_t(others_[parent]) + others_[id]));
      codes_[parent] += codes_[id];
    };
    for (NodeId id = 0; id != kNoNode;) {
      const auto& node = tree_[id];
      bool down = node.first_child != kNoNode && codes_[id] == 0;
      if (node.kind == html::Kind::text) {
        for (char c : tree_.text(node.range)) others_[id] += !is_space(c) && !(c >= '0' && c <= '9') && c != '\xc2' && c != '\xa0';
      } else if (node.kind == html::Kind::element) {
        if (others_[id] > 0 || page_.role[id] != Role::none || is_never_shown(tree_, id)) {
          down = false;
          if (page_.role[id] == Role::formula) others_[id] = 1;
        }
        if (any_of(tree_, id, {tag::img, tag::input})) others_[id] = 1;
      }
      if (down) {
        id = node.first_child;
        continue;
      }
      while (true) {
        leave(id);
        if (tree_[id].next != kNoNode) {
          id = tree_[id].next;
          break;
        }
        id = tree_[id].parent;
        if (id == kNoNode) break;
      }
    }
  }

  struct Shape {
    bool breaks = false;  // br or blocks inside
    bool feeds = false;   // LF between text
    bool many = false;    // more than one: no line that a source merely folded
  };

  Shape shape(NodeId root) const {
    Shape result;
    bool text = false, feed = false;
    int lines = 0;
    for (NodeId id = root; id != kNoNode; id = tree_.following(id, root)) {
      const auto& node = tree_[id];
      if (node.kind == html::Kind::element) {
        if (id != root && (is_element(tree_, id, tag::br) || is_block(tree_, id))) result.breaks = true;
        continue;
      }
      if (node.kind != html::Kind::text) continue;
      for (char c : tree_.text(node.range)) {
        if (c == '\n') {
          feed = text;
        } else if (!is_space(c)) {
          text = true;
          lines += feed;
          feed = false;
        }
      }
    }
    result.feeds = lines > 0;
    result.many = lines > 1;
    return result;
  }

  // The largest element around a block that holds nothing but code, and may be a group; found once for all blocks on the way to it.
  NodeId group(NodeId block) {
    NodeId top = block;
    while (group_[top] == kNoNode) {
      const NodeId parent = tree_[top].parent;
      if (parent == kNoNode || others_[parent] > 0 || ends_group(tree_, parent)) break;
      top = parent;
    }
    if (group_[top] != kNoNode) top = group_[top];
    for (NodeId id = block; group_[id] == kNoNode; id = tree_[id].parent) {
      group_[id] = top;
      if (id == top) break;
    }
    return top;
  }

  void place(NodeId id) {
    const bool code = is_element(tree_, id, tag::code);
    NodeId block = tree_[id].parent;
    bool linked = false;
    for (int left = kInlineLevels; block != kNoNode && !is_block(tree_, block); block = tree_[block].parent) {
      linked = linked || --left == 0 || is_element(tree_, block, tag::a);
      if (left == 0) break;
    }
    const auto own = shape(id);
    const bool alone = block != kNoNode && !linked && others_[block] == 0;
    if (alone && !ends_group(tree_, block)) {
      const NodeId top = group(block);
      if (state_[top] == State::found) return;
      if (code && state_[top] == State::open && grouped(id, top, own)) return;
      state_[top] = State::none;
    }
    bool shown = false;  // within a pre, which shows line ends
    if (own.feeds && boxes_)
      for (NodeId above = block; above != kNoNode && !shown; above = tree_[above].parent) shown = is_pre(tree_, above);
    const bool own_lines = code && (own.breaks || (own.feeds && (alone || shown || own.many)));
    auto text = text_of(id, own_lines && !own.breaks ? CodeSpace::kept : CodeSpace::collapsed);
    if (!code && (own.breaks || text.size() > kLongLine)) return;
    if (!own_lines) std::replace(text.begin(), text.end(), '\n', ' ');
    const bool lines = own_lines && holds(text, "\n");
    if (lines) gutters(id, text);
    add(id, lines, std::move(text));
  }

  // Takes a group of lines of code, or one line that stands alone. False where it is neither.
  bool grouped(NodeId id, NodeId top, const Shape& own) {
    const bool single = codes_[top] == 1;
    auto text = text_of(top, own.feeds && !own.breaks ? CodeSpace::kept : single ? CodeSpace::collapsed : CodeSpace::grouped);
    const NodeId parent = tree_[top].parent;
    if (!holds(text, "\n") && (!single || (parent != kNoNode && holds_names(tree_, parent)))) return false;
    state_[top] = State::found;
    add(single ? id : top, true, std::move(text));
    return true;
  }

  enum class State : uint8_t { open, found, none };

  Page& page_;
  const Tree& tree_;
  uint64_t budget_;  // nodes that looking for gutters may still read
  std::vector<Rescued> found_;
  std::vector<NodeId> inlines_;
  std::string label_;  // the language that the bar above the last block names
  std::vector<uint32_t> others_, codes_;
  std::vector<NodeId> group_;  // by node: its group, where it is known
  std::vector<State> state_;   // of a group
  bool boxes_ = false;         // some pre is a box
};

}  // namespace

void rescue_code(Page& page) {
  if (!page.tree.nodes.empty()) Finder(page).run();
}

}  // namespace millrace::extract
