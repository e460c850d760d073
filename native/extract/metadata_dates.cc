#include "native/extract/metadata_parts.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {

Date choose_date(const Sources& sources, const Bylines& bylines) {
  const auto meta = [&](MetaField field) { return find_date(decoded_line(sources.signals.at(field), 128), sources.day_first); };
  if (sources.linked.published) return sources.linked.published;
  if (const Date date = meta(MetaField::published)) return date;
  if (const Date date = find_url_date(sources.url)) return date;
  const Bylines::Day* best = nullptr;
  for (const auto& day : bylines.days)
    if (!best || day.score > best->score) best = &day;
  if (best) return best->date;
  if (sources.linked.modified) return sources.linked.modified;
  return meta(MetaField::modified);
}

}  // namespace millrace::extract
