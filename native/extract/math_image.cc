// Images that show a formula: LaTeX in the address of a rendering service (codecogs, mimeTeX, mathTeX, WordPress, Zhihu, Google Charts and
// others that take TeX as the query), or in the alternative text where the class says so. The address wins: sites shorten texts.
#include "native/extract/math_parts.h"
#include "native/html/charset.h"

namespace millrace::extract {
namespace {

namespace attr = html::attr;

struct Service {
  std::string_view mark;   // in the address
  std::string_view query;  // behind which TeX begins; empty: behind the mark
  bool plus;               // `+` is a space
};
constexpr Service kServices[] = {
    {"codecogs.com/", "?", false}, {"mimetex.cgi?", "", false}, {"mathtex.cgi?", "", false}, {"mathtex/mathtex.php?", "", false},
    {"latex.php?", "latex=", true}, {"/equation?", "tex=", true}, {"chart.googleapis.com/chart?", "chl=", true},
    {"chart.apis.google.com/chart?", "chl=", true}, {"/render/math?", "math=", true}, {"math.now.sh?", "from=", true},
    {"tex.cgi?", "", false}, {"latex.cgi?", "", false}, {"texrender.php?", "", true}, {"i.upmath.me/svg/", "", false},
    {"tex.s2cms.ru/svg/", "", false},
};
constexpr std::string_view kClasses[] = {
    "latex", "tex", "latexcenter", "latexdisplay", "latexblock", "latexblockcenter", "mathimg", "ql-img-inline-formula",
    "ql-img-displayed-formula", "mwe-math-fallback-image-inline", "mwe-math-fallback-image-display", "mwe-math-fallback-image",
    "math-formula", "formula-img", "x-ck12-math", "x-ck12-block-math",
};
// Size, colour and font that services take in front of a formula.
constexpr std::string_view kSettings[] = {
    "\\inline", "\\large", "\\Large", "\\LARGE", "\\huge", "\\Huge", "\\small", "\\tiny", "\\normalsize", "\\footnotesize",
    "\\displaystyle",
};

void drop_settings(std::string& tex) {
  for (bool again = true; again;) {
    again = false;
    size_t begin = 0;
    while (begin < tex.size() && is_space(tex[begin])) ++begin;
    tex.erase(0, begin);
    if (tex.compare(0, 5, "\\dpi{") == 0) {
      const size_t end = tex.find('}');
      if (end == tex.npos) return;
      tex.erase(0, end + 1);
      again = true;
      continue;
    }
    if (tex.compare(0, 4, "\\bg_") == 0 || tex.compare(0, 4, "\\fn_") == 0) {
      size_t end = 4;
      while (end < tex.size() && (tex[end] | 32) >= 'a' && (tex[end] | 32) <= 'z') ++end;
      tex.erase(0, end);
      again = true;
      continue;
    }
    for (const auto setting : kSettings)
      if (tex.compare(0, setting.size(), setting) == 0 && tex.size() > setting.size() &&
          !((tex[setting.size()] | 32) >= 'a' && (tex[setting.size()] | 32) <= 'z')) {
        tex.erase(0, setting.size());
        again = true;
        break;
      }
  }
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (text.find(from) == text.npos) return;
  std::string out;
  size_t done = 0;
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, done)) {
    out.append(text, done, at - done);
    out += to;
    done = at + from.size();
  }
  out.append(text, done);
  text = std::move(out);
}

std::string from_address(std::string_view address) {
  for (const auto& service : kServices) {
    const size_t mark = address.find(service.mark);
    if (mark == address.npos) continue;
    size_t begin = mark + service.mark.size();
    if (!service.query.empty()) {
      const size_t query = address.find(service.query, service.query == "?" ? mark : begin);
      if (query == address.npos) return {};
      if (service.query != "?" && query > 0 && address[query - 1] != '?' && address[query - 1] != '&') return {};
      begin = query + service.query.size();
    }
    auto raw = address.substr(begin);
    if (service.query.size() > 1) raw = raw.substr(0, raw.find('&'));
    auto tex = percent_decoded(raw, service.plus);
    if (service.query.size() <= 1) {
      replace_all(tex, "&space;", " ");
      replace_all(tex, "&plus;", "+");
      replace_all(tex, "&hash;", "#");
      replace_all(tex, "&and;", "&");
      if (const size_t pending = tex.find("&is-pending-load="); pending != tex.npos) tex.erase(pending);  // a lazy loader's own
    }
    drop_settings(tex);
    return tex;
  }
  return {};
}

}  // namespace

bool has_token(std::string_view list, std::string_view token) {
  for (size_t i = list.find(token); i != list.npos; i = list.find(token, i + 1)) {
    const size_t end = i + token.size();
    if ((i == 0 || is_space(list[i - 1])) && (end == list.size() || is_space(list[end]))) return true;
  }
  return false;
}

std::string percent_decoded(std::string_view text, bool plus) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1; };
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else out += plus && text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

std::string image_latex(const Tree& tree, NodeId image, bool& display) {
  const Node& node = tree[image];
  const auto alt = tree.value(node, attr::alt), kind = tree.value(node, attr::class_);
  std::string tex;
  for (const auto id : {attr::src, attr::data_src}) {
    const auto address = tree.value(node, id);
    if (address.size() > 8 && address.size() < 8192 && address.substr(0, 5) != "data:") tex = from_address(address);
    if (!tex.empty()) break;
  }
  bool by_class = false;
  if (!kind.empty())
    for (const auto token : kClasses)
      if (has_token(kind, token)) {
        by_class = true;
        if (token.find("display") != token.npos || token.find("block") != token.npos) display = true;
      }
  if (tex.empty() && !alt.empty() && (by_class || tree.value(node, attr::src).find("/images/math/") != std::string_view::npos))
    tex = kind.find("x-ck12") != kind.npos ? percent_decoded(alt, false) : std::string(alt);
  if (is_blank(tex) || tex.size() > 20000 || !html::is_utf8(tex)) return {};
  return clean_tex(tex, display);
}

}  // namespace millrace::extract
