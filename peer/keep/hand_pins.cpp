#include "peer/keep/hand_pins.hpp"

#include "common/base/key_values.hpp"
#include "common/base/private_files.hpp"
#include "common/base/remove_tree.hpp"
#include "common/release/descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::string_view kPinMagic = "swarmout-pin 1";
constexpr Bytes kMaxPin = 16 * kKiB;
constexpr std::size_t kShortestDigest = 8;  // find_pin() lists as much of them

std::string encode_pin(const HandPin& pin) {
  return KeyValues(std::string(kPinMagic))
      .add("manifest", pin.manifest.hex())
      .add("release", pin.release.value)
      .add("revision", pin.revision)
      .add("name", pin.name)
      .add("reason", pin.reason)
      .add("who", pin.who)
      .add("time", pin.time)
      .text();
}

Result<HandPin> decode_pin(std::string_view text) {
  TRY_ASSIGN(const KeyValues values, KeyValues::parse(text, kPinMagic));
  HandPin pin;
  TRY_ASSIGN(pin.manifest, values.digest("manifest"));
  TRY_ASSIGN(pin.release.value, values.number("release"));
  TRY_ASSIGN(pin.revision, values.get("revision"));
  TRY_ASSIGN(pin.name, values.get("name"));
  TRY_ASSIGN(pin.reason, values.get("reason"));
  TRY_ASSIGN(pin.who, values.get("who"));
  TRY_ASSIGN(pin.time, values.get("time"));
  return pin;
}

}  // namespace

std::string HandPin::shown() const {
  return fmt::format("{}: {}, by {} since {}", release_title(ReleaseNames{release, revision, name}), reason, who, time);
}

Result<std::vector<HandPin>> HandPins::all() const {
  std::vector<HandPin> pins;
  auto names = list_directory(directory_);
  if (!names) {
    return names.error().code == ErrorCode::not_found ? Result<std::vector<HandPin>>(pins)
                                                      : tl::unexpected(names.error());
  }
  for (const std::string& name : *names) {
    const auto manifest = Digest::from_hex(name);
    if (!manifest) {
      continue;  // on its way to become one
    }
    const auto text = read_file(directory_ / name, kMaxPin);
    auto pin = text ? decode_pin(*text) : tl::unexpected(text.error());
    if (!pin || pin->manifest != *manifest) {
      pin = HandPin{*manifest, {}, "unknown", {}, "its file is damaged", "somebody", ""};
    }
    pins.push_back(*std::move(pin));
  }
  std::stable_sort(pins.begin(), pins.end(), [](const HandPin& a, const HandPin& b) { return a.time > b.time; });
  return pins;
}

Result<bool> HandPins::has(const Digest& manifest) const {
  TRY_ASSIGN(const auto pins, all());
  return std::any_of(pins.begin(), pins.end(), [&](const HandPin& each) { return each.manifest == manifest; });
}

Result<void> HandPins::add(const HandPin& pin) const {
  TRY_ASSIGN(const auto pins, all());
  for (const HandPin& each : pins) {
    if (each.manifest == pin.manifest && each.who != pin.who) {
      return fail(ErrorCode::refused, fmt::format("{} is pinned already", each.shown()),
                  "it stays pinned; for another reason, `swarmout unpin` first");
    }
  }
  return put(pin);
}

Result<void> HandPins::put(const HandPin& pin) const {
  TRY(make_private_directory(directory_, Closing::quiet));
  return replace_file(directory_ / pin.manifest.hex(), as_bytes(encode_pin(pin)));
}

Result<void> HandPins::remove(const HandPin& pin) const {
  return remove_tree(directory_ / pin.manifest.hex());
}

Result<HandPin> find_pin(const std::vector<HandPin>& pins, const std::string& wanted,
                         const std::optional<Digest>& kept) {
  const auto same = std::find_if(pins.begin(), pins.end(), [&](const HandPin& each) { return each.manifest == kept; });
  if (same != pins.end()) {
    return *same;
  }
  std::vector<HandPin> found;
  std::string listed;
  for (const HandPin& each : pins) {
    if (how_called(ReleaseNames{each.release, each.revision, each.name}, wanted) != Called::no ||
        (wanted.size() >= kShortestDigest && each.manifest.hex().starts_with(wanted))) {
      found.push_back(each);
    }
    listed += fmt::format("{}{} {}", listed.empty() ? "" : ", ", each.release.value,
                          each.manifest.hex().substr(0, kShortestDigest));
  }
  if (found.size() == 1) {
    return found.front();
  }
  return fail(ErrorCode::not_found,
              found.empty() ? fmt::format("\"{}\" is not pinned here", wanted)
                            : fmt::format("\"{}\" is the name of more than one that is pinned", wanted),
              pins.empty() ? "nothing is pinned on this host"
                           : fmt::format("release and digest of what is pinned: {}", listed));
}

}  // namespace swarmout
