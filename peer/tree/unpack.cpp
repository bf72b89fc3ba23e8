#include "peer/tree/unpack.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/key_values.hpp"
#include "common/base/parallel.hpp"
#include "common/release/manifest_diff.hpp"
#include "common/release/pack.hpp"
#include "peer/tree/renewal.hpp"
#include "peer/tree/reuse.hpp"
#include "peer/tree/tree_seal.hpp"
#include "peer/tree/tree_stamps.hpp"
#include "peer/tree/tree_writer.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <unordered_map>

namespace swarmout {

namespace {

constexpr std::size_t kReuseBatch = 64;

}  // namespace

struct Unpacker::Worker {
  Result<TreeWriter> tree;
  ZstdDecompressor codec{};
  std::vector<std::byte> packed{};
  std::vector<std::byte> content{};
};

Result<std::unique_ptr<Unpacker>> Unpacker::start(const Manifest& manifest, const Path& directory,
                                                  const PreviousTree* previous, const OldTree* renewed) {
  std::unique_ptr<Unpacker> unpacker(new Unpacker(manifest, directory));
  unpacker->done_.assign(manifest.nodes.size(), 0);
  unpacker->stamps_.assign(manifest.nodes.size(), 0);
  unpacker->written_chunks_.assign(manifest.chunks.size(), 0);
  TRY_ASSIGN(const bool has_directories,
             renewed != nullptr ? unpacker->renew(*renewed, previous) : Result<bool>(false));
  if (!has_directories) {
    TRY(unpacker->make_directories());
  }
  if (previous != nullptr) {
    TRY(unpacker->reuse(*previous));
  }
  TRY(unpacker->make_empty_files());
  unpacker->index_uses();
  return unpacker;
}

/// False: it could not be done, and the directory is empty.
Result<bool> Unpacker::renew(const OldTree& old, const PreviousTree* previous) {
  auto renewed = renew_tree(manifest_, directory_, old, previous);
  if (!renewed) {
    spdlog::warn("a tree that nobody uses cannot be made into the new one, which is made anew: {}",
                 to_string(renewed.error()));
    TRY(empty_tree(directory_, old.look));
    return false;
  }
  done_ = std::move(renewed->kept);
  stamps_ = std::move(renewed->stamps);
  for (std::size_t i = 0; i < manifest_.nodes.size(); ++i) {
    if (done_[i] != 0 && manifest_.nodes[i].is_file()) {
      written_ += manifest_.nodes[i].size;
      ++kept_;
    }
  }
  reused_ += kept_;
  return true;
}

/// Of a file that is written by several threads, whichever comes last says what may not be true: then it is read again.
void Unpacker::made(std::uint32_t node, int file) {
  struct stat info {};
  const std::uint64_t stamp = ::fstat(file, &info) == 0 ? stamp_of(info) : 0;
  std::atomic_ref(stamps_[node]).store(stamp, std::memory_order_relaxed);
}

Result<void> Unpacker::make_directories() {
  TRY_ASSIGN(TreeWriter tree, TreeWriter::open(directory_));
  for (const Node& node : manifest_.nodes) {
    if (node.kind == Node::Kind::directory) {
      TRY(tree.make_directory(node.path));
    }
  }
  return {};
}

Result<void> Unpacker::make_empty_files() {
  TRY_ASSIGN(TreeWriter tree, TreeWriter::open(directory_));
  for (std::uint32_t i = 0; i < manifest_.nodes.size(); ++i) {
    const Node& node = manifest_.nodes[i];
    if (node.is_file() && node.size == 0 && done_[i] == 0) {
      const bool executable = node.kind == Node::Kind::executable;
      TRY_ASSIGN(const Fd file, tree.open_file(node.path, executable, TreeWriter::Create::must_be_new));
      made(i, file.get());
    }
  }
  return {};
}

Result<void> Unpacker::reuse(const PreviousTree& previous) {
  std::unordered_map<std::string_view, const Node*> old;
  for (const Node& node : previous.manifest.nodes) {
    old.emplace(node.path, &node);
  }
  std::vector<std::uint32_t> unchanged;
  for (std::uint32_t i = 0; i < manifest_.nodes.size(); ++i) {
    const Node& node = manifest_.nodes[i];
    const auto found = node.is_file() ? old.find(node.path) : old.end();
    if (found != old.end() && done_[i] == 0 && same_content(manifest_, node, previous.manifest, *found->second)) {
      unchanged.push_back(i);
    }
  }
  std::atomic<bool> reflink{true};
  return parallel_ranges(
      unchanged.size(), kReuseBatch,
      [&]() -> Result<ReuseContext> {
        TRY_ASSIGN(TreeWriter from, TreeWriter::open(previous.directory));
        TRY_ASSIGN(TreeWriter to, TreeWriter::open(directory_));
        return ReuseContext{std::move(from), std::move(to), {}};
      },
      [&](std::size_t begin, std::size_t end, Result<ReuseContext>& context) -> Result<void> {
        if (!context) {
          return tl::unexpected(context.error());
        }
        for (std::size_t i = begin; i < end; ++i) {
          const Node& node = manifest_.nodes[unchanged[i]];
          TRY_ASSIGN(const auto taken, reuse_file(manifest_, node, *context, reflink));
          if (taken) {
            done_[unchanged[i]] = 1;
            stamps_[unchanged[i]] = *taken;
            written_ += node.size;
            ++reused_;
            failpoint("during-reuse");
          }
        }
        return {};
      });
}

void Unpacker::index_uses() {
  first_use_.assign(manifest_.chunks.size() + 1, 0);
  const auto for_each_use = [&](auto action) {
    for (std::uint32_t i = 0; i < manifest_.nodes.size(); ++i) {
      Bytes offset = 0;
      for (const std::uint32_t ref : manifest_.refs_of(manifest_.nodes[i])) {
        if (done_[i] == 0) {
          action(ref, Use{i, offset});
        }
        offset += manifest_.chunks[ref].size;
      }
    }
  };
  for_each_use([&](std::uint32_t ref, Use) { ++first_use_[ref + 1]; });
  for (std::size_t i = 1; i < first_use_.size(); ++i) {
    first_use_[i] += first_use_[i - 1];
  }
  uses_.resize(first_use_.back());
  std::vector<std::uint32_t> next(first_use_.begin(), first_use_.end() - 1);
  for_each_use([&](std::uint32_t ref, Use use) { uses_[next[ref]++] = use; });
}

bool Unpacker::frame_needed(const Frame& frame) const {
  for (std::uint32_t chunk = frame.first_chunk; chunk < frame.first_chunk + frame.chunk_count; ++chunk) {
    if (first_use_[chunk] != first_use_[chunk + 1] && written_chunks_[chunk] == 0) {
      return true;
    }
  }
  return false;
}

bool Unpacker::needs(std::size_t index) const {
  const PackInfo& pack = manifest_.packs[index];
  const auto frames = std::span(manifest_.frames).subspan(pack.first_frame, pack.frame_count);
  return std::any_of(frames.begin(), frames.end(), [this](const Frame& frame) { return frame_needed(frame); });
}

Result<void> Unpacker::unpack(std::size_t index, const Path& file) {
  return unpack(index, file, [](Bytes, Bytes) { return true; }).map([](bool) {});
}

Result<bool> Unpacker::unpack(std::size_t index, const Path& file, const BytesThere& there) {
  const PackInfo& pack = manifest_.packs[index];
  struct Task {
    const Frame* frame;
    Bytes offset;
  };
  std::vector<Task> tasks;
  bool all = there(0, kPackHeader);
  Bytes offset = kPackHeader;
  for (const Frame& frame : std::span(manifest_.frames).subspan(pack.first_frame, all ? pack.frame_count : 0)) {
    if (frame_needed(frame)) {
      const bool readable = there(offset, frame.packed_size);
      all = all && readable;
      if (readable) {
        tasks.push_back({&frame, offset});
      }
    }
    offset += frame.packed_size;
  }
  if (tasks.empty() && !all) {
    return false;
  }
  TRY_ASSIGN(const PackReader reader, PackReader::open(file, pack));
  const auto unpacked = parallel_ranges(
      tasks.size(), 1, [&] { return Worker{TreeWriter::open(directory_)}; },
      [&](std::size_t begin, std::size_t, Worker& worker) -> Result<void> {
        const Frame& frame = *tasks[begin].frame;
        TRY(reader.read(frame, tasks[begin].offset, worker.codec, worker.packed, worker.content));
        std::size_t position = 0;
        for (std::uint32_t chunk = frame.first_chunk; chunk < frame.first_chunk + frame.chunk_count; ++chunk) {
          const std::size_t size = manifest_.chunks[chunk].size;
          TRY(write_chunk(chunk, ByteView(worker.content).subspan(position, size), worker));
          position += size;
        }
        return {};
      });
  return unpacked.map([&] { return all; });
}

Result<void> Unpacker::write_chunk(std::uint32_t chunk, ByteView content, Worker& worker) {
  const auto uses = std::span(uses_).subspan(first_use_[chunk], first_use_[chunk + 1] - first_use_[chunk]);
  if (uses.empty() || written_chunks_[chunk] != 0) {
    return {};
  }
  if (!worker.tree) {
    return tl::unexpected(worker.tree.error());
  }
  const Node& first = manifest_.nodes[uses.front().node];
  REFUSE_UNLESS(sha256(content) == manifest_.chunks[chunk].digest,
                fmt::format("the content of \"{}\" does not match its digest", escape_value(first.path)));
  for (const Use& use : uses) {
    const Node& node = manifest_.nodes[use.node];
    // It may exist: several chunks make one file, and a pack may be tried again.
    const auto create = node.ref_count == 1 ? TreeWriter::Create::anew : TreeWriter::Create::may_exist;
    TRY_ASSIGN(Fd file, worker.tree->open_file(node.path, node.kind == Node::Kind::executable, create));
    TRY(write_part(file, content, use.offset, node.path));
    made(use.node, file.get());
    TRY(file.close(node.path));
    written_ += content.size();
  }
  written_chunks_[chunk] = 1;
  failpoint("during-unpack");
  return {};
}

Result<void> Unpacker::finish() {
  for (std::uint32_t chunk = 0; chunk < manifest_.chunks.size(); ++chunk) {
    INVARIANT(written_chunks_[chunk] != 0 || first_use_[chunk] == first_use_[chunk + 1]);
  }
  TRY_ASSIGN(TreeWriter tree, TreeWriter::open(directory_));
  for (std::size_t i = 0; i < manifest_.nodes.size(); ++i) {
    const Node& node = manifest_.nodes[i];
    if (node.kind == Node::Kind::symlink && done_[i] == 0) {
      TRY(tree.make_symlink(node.path, node.target));
    }
  }
  return {};
}

Result<std::vector<std::uint64_t>> Unpacker::seal() const {
  return seal_tree(manifest_, directory_, stamps_, done_);
}

}  // namespace swarmout
