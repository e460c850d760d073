#include "native/text/pii.h"

#include "native/base/parallel.h"
#include "native/text/pii_spans.h"

namespace millrace::text {
namespace {

using Counts = std::array<uint32_t, kPiiKinds>;

PiiAction action(const PiiRules& rules, PiiKind kind) { return rules.actions[static_cast<size_t>(kind)]; }

void count(const std::vector<PiiSpan>& spans, Counts& counts) {
  for (const PiiSpan& span : spans) ++counts[static_cast<size_t>(span.kind)];
}

// Of spans that overlap those of `first` stay; `spans` is left in rising order.
void prefer(PiiKind first, std::vector<PiiSpan>& spans) {
  const auto others = std::stable_partition(spans.begin(), spans.end(), [&](const PiiSpan& span) { return span.kind == first; });
  auto next = spans.begin();
  spans.erase(std::remove_if(others, spans.end(),
                             [&](const PiiSpan& span) {
                               while (next != others && next->end <= span.start) ++next;
                               return next != others && next->start < span.end;
                             }),
              spans.end());
  std::sort(spans.begin(), spans.end(), [](const PiiSpan& a, const PiiSpan& b) { return a.start < b.start; });
}

// Of spans that overlap the first stays. Of those that begin together the longest stays, in `dolma` the one of the first kind.
void untangle(std::vector<PiiSpan>& spans, bool longest) {
  std::stable_sort(spans.begin(), spans.end(), [&](const PiiSpan& a, const PiiSpan& b) {
    if (a.start != b.start) return a.start < b.start;
    return longest && a.end > b.end;
  });
  uint32_t end = 0;
  std::erase_if(spans, [&](const PiiSpan& span) {
    if (span.start < end) return true;
    end = span.end;
    return false;
  });
}

void find_addresses(std::string_view text, std::vector<PiiSpan>& out) {
  pii::Addresses addresses(text);
  PiiSpan span;
  uint32_t address;
  bool valid;
  pii::for_each_mark(text, [](size_t) {}, [&](size_t dot) {
    if (addresses.match(dot, span, address, valid) && valid && is_global(address)) out.push_back(span);
  });
}

void find_datatrove(std::string_view text, const PiiRules& rules, std::vector<PiiSpan>& out) {
  const bool emails = action(rules, PiiKind::email) != PiiAction::off, addresses = action(rules, PiiKind::ip) != PiiAction::off;
  pii::Emails email(text);
  pii::Addresses ip(text);
  PiiSpan span;
  uint32_t address;
  bool valid;
  pii::for_each_mark(
      text,
      [&](size_t at) {
        if (emails && email.match(at, span)) out.push_back(span);
      },
      [&](size_t dot) {
        if (addresses && ip.match(dot, span, address, valid) && valid && is_global(address)) out.push_back(span);
      });
}

// Replacements of one document: each kind takes turns from its own start.
class Writer {
 public:
  Writer(const PiiRules& rules, uint64_t start) : rules_(rules) {
    for (int k = 0; k < kPiiKinds; ++k)
      if (const size_t n = rules.replacements[k].size()) turn_[k] = static_cast<size_t>(start % n);
  }
  std::string write(std::string_view text, const std::vector<PiiSpan>& spans) {
    std::string out;
    out.reserve(text.size() + 16 * spans.size());
    size_t from = 0;
    for (const PiiSpan& span : spans) {
      if (action(rules_, span.kind) != PiiAction::replace) continue;
      const auto k = static_cast<size_t>(span.kind);
      out.append(text.substr(from, span.start - from)).append(rules_.replacements[k][turn_[k]]);
      turn_[k] = (turn_[k] + 1) % rules_.replacements[k].size();
      from = span.end;
    }
    return out.append(text.substr(from));
  }

 private:
  const PiiRules& rules_;
  std::array<size_t, kPiiKinds> turn_{};
};

// Spans of every kind that is looked for, and how many there are of each; a count can be above the spans where they overlapped.
void find(std::string_view text, const PiiRules& rules, std::vector<PiiSpan>& spans, Counts& counts) {
  switch (rules.definition) {
    case PiiDefinition::datatrove:
      find_datatrove(text, rules, spans);
      count(spans, counts);
      return prefer(action(rules, PiiKind::email) == PiiAction::replace ? PiiKind::email : PiiKind::ip, spans);
    case PiiDefinition::dolma:
      pii::find_dolma(text, rules, spans);
      count(spans, counts);
      return untangle(spans, false);
    case PiiDefinition::millrace:
      pii::find_own(text, rules, spans);
      untangle(spans, true);
      return count(spans, counts);
  }
}

struct Found {
  Counts counts{};
  int8_t verdict = kPiiKept;
  bool edited = false;
  std::string text;
};

bool replaces(const PiiRules& rules, const Counts& counts) {
  for (int k = 0; k < kPiiKinds; ++k)
    if (counts[k] > 0 && rules.actions[k] == PiiAction::replace) return true;
  return false;
}

void redact_one(std::string_view text, const PiiRules& rules, uint64_t start, Found& out) {
  std::vector<PiiSpan> spans;
  find(text, rules, spans, out.counts);
  Writer writer(rules, start);
  std::string edited;
  const bool first = rules.definition == PiiDefinition::datatrove && out.counts[0] > 0 && action(rules, PiiKind::email) == PiiAction::replace;
  if (first) {
    // There the addresses are looked for when the emails are replaced.
    std::erase_if(spans, [](const PiiSpan& span) { return span.kind != PiiKind::email; });
    edited = writer.write(text, spans);
    spans.clear();
    if (action(rules, PiiKind::ip) != PiiAction::off) find_addresses(edited, spans);
    out.counts[static_cast<size_t>(PiiKind::ip)] = static_cast<uint32_t>(spans.size());
  }
  uint64_t all = 0;
  for (int k = kPiiKinds - 1; k >= 0; --k) {
    all += out.counts[k];
    if (out.counts[k] > 0 && rules.actions[k] == PiiAction::drop) out.verdict = static_cast<int8_t>(k);
  }
  if (all > rules.most) out.verdict = kPiiTooMany;
  if (out.verdict != kPiiKept || !replaces(rules, out.counts)) return;
  out.edited = true;
  out.text = first && spans.empty() ? std::move(edited) : writer.write(first ? std::string_view(edited) : text, spans);
}

Error check(const TextColumn& texts, std::span<const uint8_t> rules_of, std::span<const uint64_t> starts, std::span<const PiiRules> rules) {
  if (!texts.valid()) return {kShape, "redact: expected offsets that rise within the bytes, found others"};
  if (rules_of.size() != texts.size() || starts.size() != texts.size())
    return {kShape, "redact: expected rules and a start for each of " + std::to_string(texts.size()) + " texts, found " + std::to_string(rules_of.size()) +
                        " and " + std::to_string(starts.size())};
  for (const uint8_t number : rules_of)
    if (number >= rules.size()) return {kArgument, "redact: expected rules below " + std::to_string(rules.size()) + ", found " + std::to_string(number)};
  for (const PiiRules& each : rules)
    for (int k = 0; k < kPiiKinds; ++k)
      if (each.actions[k] == PiiAction::replace && each.replacements[k].empty())
        return {kArgument, std::string("redact: expected what replaces ") + name(static_cast<PiiKind>(k)) + ", found nothing"};
  return Error::none();
}

}  // namespace

const char* name(PiiKind kind) {
  switch (kind) {
    case PiiKind::email: return "emails";
    case PiiKind::ip: return "ips";
    case PiiKind::phone: return "phones";
    case PiiKind::card: return "cards";
    case PiiKind::secret: return "secrets";
  }
  return "";
}

std::vector<PiiSpan> find_pii(std::string_view text, const PiiRules& rules) {
  std::vector<PiiSpan> spans;
  Counts counts{};
  find(text, rules, spans, counts);
  return spans;
}

Error redact(const TextColumn& texts, std::span<const uint8_t> rules_of, std::span<const uint64_t> starts, std::span<const PiiRules> rules,
             int threads, Redaction& out) {
  MILLRACE_TRY(check(texts, rules_of, starts, rules));
  const size_t rows = texts.size();
  std::vector<Found> found(rows);
  parallel_for(rows, threads, [&](size_t i) { redact_one(texts[i], rules[rules_of[i]], starts[i], found[i]); });

  out = {};
  out.verdict.resize(rows);
  for (auto& column : out.counts) column.resize(rows);
  uint64_t size = 0;
  for (size_t i = 0; i < rows; ++i) {
    out.verdict[i] = found[i].verdict;
    for (int k = 0; k < kPiiKinds; ++k) out.counts[k][i] = found[i].counts[k];
    size += found[i].edited ? found[i].text.size() : texts[i].size();
    if (found[i].edited) out.edited.push_back(static_cast<uint32_t>(i));
  }
  if (out.edited.empty()) return Error::none();
  if (size > std::numeric_limits<int32_t>::max())
    return {kMemory, "redact: expected at most 2147483647 bytes of new texts, found " + std::to_string(size) + ": give it fewer at once"};
  out.bytes.reserve(size);
  out.offsets.push_back(0);
  for (size_t i = 0; i < rows; ++i) {
    const std::string_view text = found[i].edited ? std::string_view(found[i].text) : texts[i];
    out.bytes.insert(out.bytes.end(), text.begin(), text.end());
    out.offsets.push_back(static_cast<int32_t>(out.bytes.size()));
    std::string().swap(found[i].text);
  }
  return Error::none();
}

}  // namespace millrace::text
