#include "peer/hooks_record.hpp"

#include "common/base/key_values.hpp"
#include "common/base/private_files.hpp"

namespace swarmout {

namespace {

constexpr std::string_view kHooksMagic = "swarmout-hooks 1";
constexpr Bytes kMaxHooksRecord = 8 * kKiB;

Path hooks_record(const Path& state) {
  return state / "hooks" / "record";
}

std::string hex_or_none(const std::optional<Digest>& digest) {
  return digest ? digest->hex() : "";
}

Result<std::optional<Digest>> digest_in(const KeyValues& record, std::string_view key) {
  TRY_ASSIGN(const std::string hex, record.get(key));
  return hex.empty() ? Result<std::optional<Digest>>(std::nullopt)
                     : Digest::from_hex(hex).map([](const Digest& digest) { return std::optional(digest); });
}

}  // namespace

Result<HooksRecord> load_hooks_record(const Path& state) {
  TRY_ASSIGN(const std::string text, read_file(hooks_record(state), kMaxHooksRecord));
  TRY_ASSIGN(const KeyValues values, KeyValues::parse(text, kHooksMagic));
  HooksRecord record;
  TRY_ASSIGN(record.refused, digest_in(values, "refused"));
  TRY_ASSIGN(record.says, values.get("says"));
  TRY_ASSIGN(record.due, digest_in(values, "due"));
  return record;
}

Result<Path> hooks_directory(const Path& state) {
  const Path directory = hooks_record(state).parent_path();
  TRY(make_private_directory(directory, Closing::quiet));
  return directory;
}

Result<void> save_hooks_record(const Path& state, const HooksRecord& record) {
  TRY(hooks_directory(state));
  const std::string text = KeyValues(std::string(kHooksMagic))
                               .add("refused", hex_or_none(record.refused))
                               .add("says", record.says)
                               .add("due", hex_or_none(record.due))
                               .text();
  return replace_file(hooks_record(state), as_bytes(text));
}

}  // namespace swarmout
