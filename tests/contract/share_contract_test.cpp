#include "tests/contract/share_contract.hpp"

#include "common/share/directory/directory_format.hpp"
#include "common/share/directory/directory_share.hpp"
#include "common/share/etcd/etcd_share.hpp"
#include "common/share/open_share.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/name_of.hpp"
#include "tests/support/programs.hpp"
#include "tests/support/temp_dir.hpp"

namespace swarmout::test {

namespace {

class DirectoryWorld final : public ShareWorld {
public:
  DirectoryWorld() { EXPECT_THAT(init_share(root_.native()), IsOk()); }
  std::unique_ptr<Share> open() override {
    auto opened = open_share(root_.native());
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }

private:
  TempDir temp_;
  Path root_ = temp_ / "share";
};

/// Where hard links are refused.
class LinklessWorld final : public ShareWorld {
public:
  LinklessWorld() { EXPECT_THAT(init_directory(root_, refuse), IsOk()); }
  std::unique_ptr<Share> open() override {
    auto opened = open_share(root_.native());
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }

private:
  static int refuse(int, const char*, int, const char*, int) {
    errno = EPERM;
    return -1;
  }

  TempDir temp_;
  Path root_ = temp_ / "share";
};

/// Behind a helper process.
class RemoteWorld final : public ShareWorld {
public:
  RemoteWorld() { EXPECT_THAT(init_share(where_), IsOk()); }
  std::unique_ptr<Share> open() override {
    auto opened = open_share(where_);
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }

private:
  static ShareAddress behind_helper(const Path& root) {
    ShareAddress address(root.native());
    address.helper = swarmout_program();
    return address;
  }

  TempDir temp_;
  ShareAddress where_ = behind_helper(temp_ / "share");
};

class MemoryWorld final : public ShareWorld {
public:
  std::unique_ptr<Share> open() override { return std::make_unique<MemoryShare>(state_); }

private:
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
};

class EtcdWorld final : public ShareWorld {
public:
  EtcdWorld() { EXPECT_THAT(init_share(url_), IsOk()); }
  std::unique_ptr<Share> open() override {
    auto opened = open_share(url_);
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }

private:
  std::string url_ = common_etcd().fresh_url();
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Each, ShareContract,
                         testing::Values(ShareKind{"Directory", [] { return std::make_unique<DirectoryWorld>(); }},
                                         ShareKind{"Remote", [] { return std::make_unique<RemoteWorld>(); }},
                                         ShareKind{"Linkless", [] { return std::make_unique<LinklessWorld>(); }},
                                         ShareKind{"Memory", [] { return std::make_unique<MemoryWorld>(); }}),
                         kNameOf);

// All with one etcd, so in one process: tests/CMakeLists.txt.
INSTANTIATE_TEST_SUITE_P(Etcd, ShareContract,
                         testing::Values(ShareKind{"Etcd", [] { return std::make_unique<EtcdWorld>(); }}), kNameOf);

}  // namespace swarmout::test
