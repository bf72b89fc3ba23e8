#include "tests/nemesis/gluster.hpp"

#include "tests/support/etcd_cluster.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

constexpr auto kBrick = R"(volume posix
 type storage/posix
 option directory {}
end-volume
volume locks
 type features/locks
 subvolumes posix
end-volume
volume server
 type protocol/server
 option transport-type tcp
 option transport.socket.listen-port {}
 option transport.socket.bind-address 127.0.0.1
 option auth.addr.locks.allow *
 subvolumes locks
end-volume
)";

// With the caches that a mount has by default.
constexpr auto kClient = R"(volume brick
 type protocol/client
 option transport-type tcp
 option remote-host 127.0.0.1
 option remote-port {}
 option remote-subvolume locks
 option ping-timeout 5
end-volume
volume write-behind
 type performance/write-behind
 subvolumes brick
end-volume
volume quick-read
 type performance/quick-read
 subvolumes write-behind
end-volume
volume md-cache
 type performance/md-cache
 subvolumes quick-read
end-volume
)";

/// Another device than the directory above it.
bool is_mounted(const Path& path) {
  struct stat inside {};
  struct stat above {};
  return ::stat(path.c_str(), &inside) == 0 && ::stat(path.parent_path().c_str(), &above) == 0 &&
         inside.st_dev != above.st_dev;
}

}  // namespace

std::string Gluster::missing() {
  if (::geteuid() != 0) {
    return "only root can mount a GlusterFS";
  }
  if (::access("/dev/fuse", R_OK | W_OK) != 0) {
    return "there is no /dev/fuse";
  }
  if (::access("/usr/sbin/glusterfsd", X_OK) != 0) {
    return "glusterfs-server is not installed";
  }
  return "";
}

Gluster::Gluster(int mounts) : port_(free_port()) {
  std::filesystem::create_directory(dir_ / "brick");
  write_file(dir_ / "brick.vol", fmt::format(kBrick, (dir_ / "brick").native(), port_));
  write_file(dir_ / "client.vol", fmt::format(kClient, port_));
  start_brick();
  for (int number = 1; number <= mounts; ++number) {
    const std::string name = fmt::format("client{}", number);
    std::filesystem::create_directory(mount(number));
    clients_.emplace_back(Launch{{"glusterfs", "-N", "-f", dir_ / "client.vol", "-l", dir_ / (name + ".log"), "-p",
                                  dir_ / (name + ".pid"), mount(number)},
                                 {}},
                          dir_ / name);
  }
  for (int number = 1; number <= mounts; ++number) {
    const Path probe = mount(number) / "probe";
    EXPECT_TRUE(wait_for([&] { return is_mounted(mount(number)) && replace_file(probe, {}).has_value(); }));
  }
}

Gluster::~Gluster() {
  for (std::size_t number = 1; number <= clients_.size(); ++number) {
    ::umount2(mount(static_cast<int>(number)).c_str(), MNT_DETACH);
  }
}

void Gluster::kill_brick() {
  brick_.reset();
}

void Gluster::start_brick() {
  const std::string name = fmt::format("brick{}", ++processes_);
  brick_.emplace(
      Launch{{"glusterfsd", "-N", "-f", dir_ / "brick.vol", "-l", dir_ / (name + ".log"), "-p", dir_ / (name + ".pid")},
             {}},
      dir_ / name);
}

}  // namespace swarmout::test
