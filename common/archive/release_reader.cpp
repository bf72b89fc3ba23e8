#include "common/archive/release_reader.hpp"

#include "common/archive/imports.hpp"
#include "common/archive/members.hpp"
#include "common/archive/tar_header.hpp"
#include "common/base/failpoint.hpp"
#include "common/base/host.hpp"
#include "common/base/key_values.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace swarmout {

namespace {

constexpr std::size_t kReadBuffer = kMiB;

class ReleaseReader {
public:
  ReleaseReader(Store& store, ByteSource& source, const TrustedKeys& keys, const ImportCalls& calls,
                const std::stop_token& stop)
      : store_(store), source_(source), keys_(keys), calls_(calls), stop_(stop) {}

  Result<Imported> run() {
    TRY(take_descriptor());
    TRY_ASSIGN(const std::vector<ListedPack> packs, take_manifest());
    failpoint("after-import-manifest");
    for (const ListedPack& each : packs) {
      TRY(take_pack(each));
      failpoint("after-import-pack");
    }
    TRY(take_end());
    for (const ListedPack& each : packs) {
      if (!store_.has_pack(each.root, each.size)) {
        return fail(ErrorCode::temporary,
                    fmt::format("{} was removed by somebody meanwhile", store_.pack_path(each.root).native()),
                    "import it once more");
      }
    }
    TRY(end_import(store_, result_.release));
    return std::move(result_);
  }

private:
  tl::unexpected<Error> refuse(const std::string& why) const {
    return fail(ErrorCode::refused, fmt::format("{} {}", source_.shown(), why));
  }
  tl::unexpected<Error> cut_off(std::string_view in) const {
    return fail(ErrorCode::refused, fmt::format("{} is cut off in {} at byte {}", source_.shown(), in, progress_.done),
                "copy or export it again; what has come whole is passed over then");
  }

  /// Fills `out`. False: the archive ends before that.
  Result<bool> fill(std::span<std::byte> out) {
    while (!out.empty()) {
      TRY_ASSIGN(const std::size_t got, source_.read(out));
      if (got == 0) {
        return false;
      }
      went(got);
      out = out.subspan(got);
    }
    return true;
  }
  void went(Bytes bytes) {
    progress_.done += bytes;
    progress_.all = std::max(progress_.all, progress_.done);
    calls_.meter(progress_);
  }

  /// The header of the member that must be next. What it has, within these sizes.
  Result<Bytes> next(std::string_view name, Bytes least, Bytes most) {
    TarHeader header{};
    TRY_ASSIGN(const bool whole, fill(std::as_writable_bytes(std::span(header))));
    if (!whole) {
      return cut_off(fmt::format("the header of {}", name));
    }
    const auto size = size_in_header(header, member_name(name));
    if (!size && name_in_header(header) != member_name(name)) {
      return refuse(fmt::format("has \"{}\" at byte {}, where {} belongs: it is no export, or damaged",
                                printable(std::string(name_in_header(header))), progress_.done - kTarBlock,
                                member_name(name)));
    }
    if (!size) {
      return refuse(fmt::format("has a header of {} that no export has", name));
    }
    if (*size < least || *size > most) {
      return refuse(fmt::format("has {} bytes of {}; it must have {}", *size, name,
                                least == most ? fmt::format("{}", most) : fmt::format("at most {}", most)));
    }
    return *size;
  }

  Result<void> take_zeros(std::size_t count, std::string_view behind) {
    std::vector<std::byte> found(count);
    TRY_ASSIGN(const bool whole, fill(found));
    if (!whole) {
      return cut_off(behind);
    }
    const bool zeros = std::all_of(found.begin(), found.end(), [](std::byte each) { return each == std::byte{0}; });
    return zeros ? Result<void>() : refuse(fmt::format("has something else than zeros behind {}", behind));
  }

  /// `most` is small, or of what was signed.
  Result<std::string> take_text(std::string_view name, Bytes least, Bytes most) {
    TRY_ASSIGN(const Bytes size, next(name, least, most));
    std::string text;
    while (text.size() < size) {  // memory for what is there, not for what is said
      const std::size_t at = text.size();
      text.resize(static_cast<std::size_t>(std::min<Bytes>(size, at + kReadBuffer)));
      TRY_ASSIGN(const bool whole, fill(std::as_writable_bytes(std::span(text).subspan(at))));
      if (!whole) {
        return cut_off(name);
      }
    }
    TRY(take_zeros(tar_padding(size), name));
    return text;
  }

  Result<void> take_descriptor() {
    SignedDescriptor& release = result_.release;
    TRY_ASSIGN(release.text, take_text(kDescriptorMember, 1, kMaxDescriptorText));
    TRY_ASSIGN(release.signature, take_text(kSignatureMember, 1, kMaxSignatureText));
    TRY(keys_.verify(release.text, release.signature).map_error([&](Error error) {
      error.message = fmt::format("{}: {}", source_.shown(), error.message);
      error.hint = "if its origin is to be trusted, give a directory with its public key as --keys";
      return error;
    }));
    TRY_ASSIGN(release.descriptor, decode_descriptor(release.text));
    result_.key = signed_with(release.signature);
    return {};
  }

  Result<std::vector<ListedPack>> take_manifest() {
    const Descriptor& descriptor = result_.release.descriptor;
    TRY_ASSIGN(const std::string bytes, take_text(kManifestMember, descriptor.manifest_size, descriptor.manifest_size));
    if (sha256(bytes) != descriptor.manifest) {
      return refuse("has another manifest than was signed");
    }
    TRY_ASSIGN(const Manifest manifest, decode_manifest(bytes));
    REFUSE_UNLESS(manifest.revision == descriptor.revision && manifest.tree_size() == descriptor.tree_size,
                  "the manifest and the descriptor do not fit");
    const std::vector<ListedPack> packs = packs_in_order(manifest);
    result_.packs = packs.size();
    Bytes missing = 0;
    std::size_t files = 0;
    progress_.all = progress_.done + kTarEnd;
    for (const ListedPack& each : packs) {
      progress_.all += kTarBlock + each.size + tar_padding(each.size);
      if (!store_.has_pack(each.root, each.size)) {
        missing += each.size;
        files += 2;  // with its leaves
      }
    }
    TRY(calls_.room(missing, files));
    TRY(begin_import(store_, descriptor, bytes, stop_));
    return packs;
  }

  Result<void> take_pack(const ListedPack& pack) {
    const std::string name = pack_name(pack.root);
    TRY(next(name, pack.size, pack.size));
    TRY_ASSIGN(const bool here, store_.check_pack(pack.root, pack.size));
    if (here) {
      ++result_.here_already;
      TRY_ASSIGN(const bool whole, source_.skip(pack.size));
      if (!whole) {
        return cut_off(name);
      }
      went(pack.size);
      return take_zeros(tar_padding(pack.size), name);
    }
    PackFile file{store_.scratch() / (random_nonce_hex() + ".pack"), pack.root, pack.size, {}};
    auto added = copy(file, name).and_then([&] { return store_.add_pack(file); });
    if (!added) {
      ::unlink(file.path.c_str());
      return added;
    }
    result_.new_bytes += pack.size;
    return take_zeros(tar_padding(pack.size), name);
  }

  Result<void> copy(PackFile& pack, std::string_view name) {
    TRY_ASSIGN(Fd file, open_file(pack.path, O_WRONLY | O_CREAT | O_EXCL, 0444));
    LeafHasher hasher;
    std::vector<std::byte> buffer(kReadBuffer);
    for (Bytes left = pack.size; left > 0;) {
      const auto part = std::span(buffer).first(static_cast<std::size_t>(std::min<Bytes>(left, buffer.size())));
      TRY_ASSIGN(const bool whole, fill(part));
      if (!whole) {
        return cut_off(name);
      }
      hasher.update(part);
      TRY(write_all(file.get(), part, pack.path.native()));
      left -= part.size();
      failpoint("during-import-pack");
    }
    pack.leaves = hasher.finish();
    if (merkle_root(pack.leaves) != pack.root) {
      return refuse(fmt::format("has other bytes in {} than were signed", name));
    }
    if (::fdatasync(file.get()) != 0) {
      return fail_errno("cannot flush", pack.path.native(), errno);
    }
    return file.close(pack.path.native());
  }

  Result<void> take_end() {
    TRY(take_zeros(kTarEnd, "the last pack"));
    std::byte more{};
    TRY_ASSIGN(const std::size_t got, source_.read({&more, 1}));
    return got == 0 ? Result<void>() : refuse("goes on behind its end");
  }

  Store& store_;
  ByteSource& source_;
  const TrustedKeys& keys_;
  const ImportCalls& calls_;
  const std::stop_token& stop_;
  Imported result_;
  ArchiveProgress progress_;
};

}  // namespace

Result<Imported> read_release(Store& store, ByteSource& source, const TrustedKeys& keys, const ImportCalls& calls,
                              const std::stop_token& stop) {
  return ReleaseReader(store, source, keys, calls, stop).run();
}

}  // namespace swarmout
