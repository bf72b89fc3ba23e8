#include "seeder/pack/export_record.hpp"

#include "common/base/key_values.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace swarmout {

namespace {

constexpr const char* kExportMagic = "swarmout-export 1";
constexpr const char* kNewest = "export";
constexpr const char* kOneBefore = "export.before";
/// As large as any memo of a source, and its head.
constexpr Bytes kMaxExportRecord = 513 * kMiB;
/// Ends the head, which has no empty line.
constexpr std::string_view kEndOfHead = "\n\n";

struct ExportRecord {
  ExportKind kind;
  std::string memo;
};

/// Errors: not_found; refused: it is damaged.
Result<ExportRecord> read_export(const Path& path) {
  TRY_ASSIGN(std::string bytes, read_file(path, kMaxExportRecord));
  const std::size_t end = bytes.find(kEndOfHead);
  REFUSE_UNLESS(end != std::string::npos, path.native() + " is damaged");
  TRY_ASSIGN(const KeyValues head, KeyValues::parse(std::string_view(bytes).substr(0, end + 1), kExportMagic));
  ExportRecord record;
  TRY_ASSIGN(record.kind.program, head.get("program"));
  TRY_ASSIGN(record.kind.source, head.get("source"));
  TRY_ASSIGN(record.kind.tree, head.digest("tree"));
  TRY_ASSIGN(const Digest memo, head.digest("memo"));
  bytes.erase(0, end + kEndOfHead.size());
  record.memo = std::move(bytes);
  REFUSE_UNLESS(sha256(record.memo) == memo, path.native() + " is damaged");
  return record;
}

}  // namespace

std::optional<std::string> recall_export(const Store& store, const ExportKind& kind) {
  for (const char* const name : {kNewest, kOneBefore}) {
    auto record = read_export(store.state() / name);
    if (!record) {
      if (record.error().code != ErrorCode::not_found) {
        spdlog::warn("reading the whole source again: {}", to_string(record.error()));
      }
      continue;
    }
    const ExportKind& found = record->kind;
    if (found.program == kind.program && found.source == kind.source && found.tree == kind.tree) {
      return std::move(record->memo);
    }
  }
  return std::nullopt;
}

Result<void> remember_export(const Store& store, const ExportKind& kind, std::string_view memo,
                             const std::optional<Digest>& before) {
  const Path newest = store.state() / kNewest;
  const auto last = read_export(newest);
  if (last && last->kind.tree == before && before != kind.tree &&
      ::rename(newest.c_str(), (store.state() / kOneBefore).c_str()) != 0) {
    return fail_errno("cannot keep", newest.native(), errno);
  }
  KeyValues head(kExportMagic);
  head.add("program", kind.program).add("source", kind.source).add("tree", kind.tree.hex());
  head.add("memo", sha256(memo).hex());
  std::string bytes = head.text() + '\n';
  bytes += memo;
  return replace_file(newest, as_bytes(bytes));
}

}  // namespace swarmout
