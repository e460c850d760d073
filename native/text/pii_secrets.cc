// Keys and tokens whose issuers gave them a form of their own, so that finding one is no guess: access key ids of AWS, tokens of GitHub,
// GitLab, npm, Slack, Stripe and Google, and blocks of private keys. Passwords have no form and are not looked for.
//
// A body of fewer than eight different characters is a placeholder (ghp_xxxx…), and so is one with EXAMPLE in it. A block counts only with a
// key of at least 40 characters in it: the header alone stands in the source of every library that reads keys.
#include "native/text/pii_spans.h"

namespace millrace::text::pii {
namespace {

enum Alphabet : uint8_t { kUpper36, kAlnum, kAlnumUnderscore, kUrlSafe, kAlnumHyphen };

bool is_in(Alphabet alphabet, char c) {
  switch (alphabet) {
    case kUpper36: return is_digit(c) || (c >= 'A' && c <= 'Z');
    case kAlnum: return is_alphanumeric(c);
    case kAlnumUnderscore: return is_alphanumeric(c) || c == '_';
    case kUrlSafe: return is_alphanumeric(c) || c == '_' || c == '-';
    case kAlnumHyphen: return is_alphanumeric(c) || c == '-';
  }
  return false;
}

struct Token {
  std::string_view prefix;
  size_t least, most;  // characters of the body
  Alphabet alphabet;
};

constexpr Token kTokens[] = {
    {"AKIA", 16, 16, kUpper36},        {"ASIA", 16, 16, kUpper36},    {"ABIA", 16, 16, kUpper36},      {"ACCA", 16, 16, kUpper36},
    {"ghp_", 36, 255, kAlnum},         {"gho_", 36, 255, kAlnum},     {"ghu_", 36, 255, kAlnum},       {"ghs_", 36, 255, kAlnum},
    {"ghr_", 36, 255, kAlnum},         {"github_pat_", 82, 82, kAlnumUnderscore}, {"glpat-", 20, 64, kUrlSafe},     {"npm_", 36, 36, kAlnum},
    {"xoxb-", 20, 255, kAlnumHyphen},  {"xoxp-", 20, 255, kAlnumHyphen}, {"xoxa-", 20, 255, kAlnumHyphen}, {"xoxr-", 20, 255, kAlnumHyphen},
    {"xoxs-", 20, 255, kAlnumHyphen},  {"sk_live_", 24, 255, kAlnum}, {"rk_live_", 24, 255, kAlnum},   {"AIza", 35, 35, kUrlSafe},
};

// End of the token that begins at `at`, or 0.
size_t token_end(std::string_view text, size_t at, const Token& token) {
  if (text.substr(at, token.prefix.size()) != token.prefix) return 0;
  if (at > 0 && (is_alphanumeric(text[at - 1]) || text[at - 1] == '_')) return 0;
  const size_t body = at + token.prefix.size();
  size_t end = body;
  while (end < text.size() && end - body <= token.most && is_in(token.alphabet, text[end])) ++end;
  if (end - body < token.least || end - body > token.most) return 0;
  if (token.alphabet == kUpper36 && end < text.size() && is_in(kAlnumUnderscore, text[end])) return 0;
  uint64_t seen[4]{};
  int different = 0;
  for (size_t i = body; i < end; ++i) {
    const auto c = static_cast<uint8_t>(text[i]);
    different += !(seen[c >> 6] >> (c & 63) & 1);
    seen[c >> 6] |= uint64_t{1} << (c & 63);
  }
  return different < 8 || text.substr(body, end - body).find("EXAMPLE") != std::string_view::npos ? 0 : end;
}

constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kRule = "-----";
constexpr size_t kLongestLabel = 40, kLongestBlock = 1 << 16;

// End of the label "… PRIVATE KEY" or "… PRIVATE KEY BLOCK" and its rule at `at`, or 0.
size_t label_end(std::string_view text, size_t at) {
  const size_t rule = text.substr(0, std::min(text.size(), at + kLongestLabel + kRule.size())).find(kRule, at);
  if (rule == std::string_view::npos) return 0;
  const std::string_view label = text.substr(at, rule - at);
  return label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK") ? rule + kRule.size() : 0;
}

// End of the block whose first rule is at `at`, or 0. Without an end it goes on as far as characters of a key do (also \n written out).
size_t block_end(std::string_view text, size_t at) {
  if (text.substr(at, kBegin.size()) != kBegin) return 0;
  const size_t start = label_end(text, at + kBegin.size());
  if (start == 0) return 0;
  const size_t limit = std::min(text.size(), start + kLongestBlock);
  size_t key = 0, end = start;
  for (size_t i = start; i < limit; ++i) {
    const char c = text[i];
    if (text.substr(i, kEnd.size()) == kEnd) {
      const size_t closed = label_end(text, i + kEnd.size());
      if (closed == 0) break;
      return key < 40 ? 0 : closed;
    }
    if (text.substr(i, kBegin.size()) == kBegin) break;  // the next block looks for its own end
    if (is_alphanumeric(c) || c == '+' || c == '/' || c == '=') {
      ++key;
      end = i + 1;
    } else if (std::string_view(" \t\r\n\\\"',;:-().").find(c) == std::string_view::npos) {
      break;
    }
  }
  return key < 40 ? 0 : end;
}

}  // namespace

void find_secrets(std::string_view text, std::vector<PiiSpan>& out) {
  size_t done = 0;
  const auto take = [&](size_t start, size_t end) {
    out.push_back({static_cast<uint32_t>(start), static_cast<uint32_t>(end), PiiKind::secret});
    done = end;
  };
  const auto see = [&](size_t i) {
    if (i < done) return;
    if (text[i] == '-') {
      if (i > 0 && text[i - 1] == '-') return;
      if (const size_t end = block_end(text, i)) take(i, end);
      return;
    }
    for (const Token& token : kTokens)
      if (const size_t end = token_end(text, i, token)) return take(i, end);
  };
  size_t i = 0;
#if defined(__SSE2__)
  // Pairs of bytes of which every token has one: first and second, but for gh?_ first and fourth, and for AKIA and the like first and
  // fourth too ('A' twice). They are rare in prose and in code.
  const auto load = [&](size_t at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at)); };
  const auto is = [](__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  for (; i + 20 <= text.size(); i += 16) {
    const __m128i first = load(i), second = load(i + 1), third = load(i + 2), fourth = load(i + 3);
    const __m128i aws = _mm_and_si128(is(first, 'A'), _mm_or_si128(is(fourth, 'A'), is(fourth, 'a')));
    const __m128i under = _mm_and_si128(is(fourth, '_'), _mm_or_si128(is(first, 'g'), is(first, 'n')));
    const __m128i stripe = _mm_and_si128(is(third, '_'), is(second, 'k'));
    const __m128i hub = _mm_and_si128(_mm_and_si128(is(first, 'g'), is(second, 'i')), is(fourth, 'h'));
    const __m128i lab = _mm_and_si128(_mm_and_si128(is(first, 'g'), is(second, 'l')), is(third, 'p'));
    const __m128i slack = _mm_and_si128(is(first, 'x'), is(third, 'x'));
    const __m128i rule = _mm_and_si128(_mm_and_si128(is(first, '-'), is(second, '-')), is(fourth, '-'));
    const __m128i any = _mm_or_si128(_mm_or_si128(_mm_or_si128(aws, under), _mm_or_si128(stripe, hub)), _mm_or_si128(_mm_or_si128(lab, slack), rule));
    for (auto found = static_cast<uint32_t>(_mm_movemask_epi8(any)); found; found &= found - 1) see(i + static_cast<size_t>(std::countr_zero(found)));
  }
#endif
  for (; i < text.size(); ++i) see(i);
}

}  // namespace millrace::text::pii
