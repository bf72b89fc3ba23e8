#include "common/archive/release_writer.hpp"

#include "common/archive/members.hpp"
#include "common/archive/tar_header.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace swarmout {

namespace {

constexpr std::size_t kCopyBuffer = kMiB;

class ReleaseWriter {
public:
  ReleaseWriter(const Store& store, const SignedDescriptor& release, ByteSink& sink, const ArchiveMeter& meter,
                const std::stop_token& stop)
      : store_(store), release_(release), sink_(sink), meter_(meter), stop_(stop) {}

  Result<Bytes> run() {
    TRY(hold_fast());
    TRY(member(kDescriptorMember, release_.text));
    TRY(member(kSignatureMember, release_.signature));
    TRY(member(kManifestMember, manifest_));
    for (const ListedPack& each : packs_) {
      TRY(pack(each));
    }
    TRY(zeros(kTarEnd));
    return progress_.done;
  }

private:
  Path held(const ListedPack& pack) const { return store_.scratch() / pack_name(pack.root); }

  /// Names of our own for all packs: whoever prunes need not wait until a slow reader has taken them.
  Result<void> hold_fast() {
    TRY_ASSIGN(const Fd lock, store_.lock_for_writing(stop_));
    auto bytes = store_.manifest_bytes(release_.descriptor.manifest);
    if (!bytes) {
      return incomplete(bytes.error().message);
    }
    manifest_ = *std::move(bytes);
    TRY_ASSIGN(const Manifest manifest, decode_manifest(manifest_));
    packs_ = packs_in_order(manifest);
    progress_.all =
        tar_size(release_.text.size()) + tar_size(release_.signature.size()) + tar_size(manifest_.size()) + kTarEnd;
    for (const ListedPack& each : packs_) {
      if (!store_.has_pack(each.root, each.size)) {
        return incomplete(fmt::format("{} is missing, or has another size", store_.pack_path(each.root).native()));
      }
      if (::link(store_.pack_path(each.root).c_str(), held(each).c_str()) != 0 && errno != EEXIST) {
        return fail_errno("cannot link", store_.pack_path(each.root).native(), errno);
      }
      progress_.all += tar_size(each.size);
    }
    return {};
  }

  static Bytes tar_size(Bytes size) { return kTarBlock + size + tar_padding(size); }

  tl::unexpected<Error> incomplete(const std::string& why) const {
    const Descriptor& descriptor = release_.descriptor;
    return fail(ErrorCode::not_found, fmt::format("{} is not whole on this host: {}", release_title(descriptor), why),
                fmt::format("`swarmout fetch --revision {}` makes it whole", descriptor.position.value));
  }

  Result<void> put(ByteView bytes) {
    TRY(sink_.write(bytes));
    progress_.done += bytes.size();
    meter_(progress_);
    return {};
  }
  Result<void> zeros(std::size_t count) {
    static const std::vector<std::byte> none(kTarEnd);
    return put(std::span(none).first(count));
  }
  Result<void> header(std::string_view name, Bytes size) {
    const TarHeader made = tar_header(member_name(name), size);
    return put(std::as_bytes(std::span(made)));
  }

  Result<void> member(std::string_view name, std::string_view content) {
    TRY(header(name, content.size()));
    TRY(put(as_bytes(content)));
    return zeros(tar_padding(content.size()));
  }

  Result<void> pack(const ListedPack& pack) {
    const std::string shown = store_.pack_path(pack.root).native();
    TRY_ASSIGN(const Fd file, open_file(held(pack), O_RDONLY));
    TRY(header(pack_name(pack.root), pack.size));
    LeafHasher hasher;
    std::vector<std::byte> buffer(kCopyBuffer);
    for (Bytes at = 0; at < pack.size;) {
      if (stop_.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      const auto part = std::span(buffer).first(static_cast<std::size_t>(std::min<Bytes>(pack.size - at, kCopyBuffer)));
      TRY(pread_all(file.get(), part, at, shown));
      hasher.update(part);
      TRY(put(part));
      at += part.size();
    }
    if (merkle_root(hasher.finish()) != pack.root) {
      return fail(ErrorCode::refused, fmt::format("{} is damaged on this disk; what was written has no end", shown),
                  "remove it, and `swarmout fetch --revision` makes the release whole again");
    }
    ::unlink(held(pack).c_str());
    return zeros(tar_padding(pack.size));
  }

  const Store& store_;
  const SignedDescriptor& release_;
  ByteSink& sink_;
  const ArchiveMeter& meter_;
  const std::stop_token& stop_;
  std::string manifest_;
  std::vector<ListedPack> packs_;
  ArchiveProgress progress_;
};

}  // namespace

Result<Bytes> write_release(const Store& store, const SignedDescriptor& release, ByteSink& sink,
                            const ArchiveMeter& meter, const std::stop_token& stop) {
  return ReleaseWriter(store, release, sink, meter, stop).run();
}

}  // namespace swarmout
