#include "seeder/source/svn/svn_tree.hpp"

#include "seeder/source/svn/svn_xml.hpp"

#include <algorithm>

namespace swarmout {

namespace {

/// Takes the entries of `svn info -R --xml .`.
class Entries {
public:
  explicit Entries(const std::string& revision) : revision_(revision) {}

  Result<void> take(const SvnTag& tag) {
    if (tag.name == "entry" && tag.opens) {
      node_ = {};
      node_.path = tag.attribute("path");
      node_.directory = tag.attribute("kind") == "dir";
      has_content_ = false;
      sound_ = sound_ && tag.attribute("revision") == revision_ && (node_.directory || tag.attribute("kind") == "file");
    } else if (tag.closes && tag.name == "schedule") {
      sound_ = sound_ && tag.text == "normal";
    } else if (tag.closes && tag.name == "depth") {
      sound_ = sound_ && (tag.text == "infinity" || !node_.directory);
    } else if (tag.closes && tag.name == "checksum") {
      const auto id = content_id(tag.text);
      has_content_ = id.has_value();
      node_.content = id.value_or(ContentId{});
    } else if (tag.name == "entry" && tag.closes) {
      sound_ = sound_ && (node_.directory || has_content_);
      if (node_.path == ".") {
        root_ = node_.directory;
      } else {
        nodes_.push_back(std::move(node_));
      }
    }
    return {};
  }
  /// Nullopt: it is not whole.
  std::optional<std::vector<SvnNode>> finish() {
    std::sort(nodes_.begin(), nodes_.end(), [](const SvnNode& a, const SvnNode& b) { return a.path < b.path; });
    return sound_ && root_ ? std::optional(std::move(nodes_)) : std::nullopt;
  }

private:
  const std::string& revision_;
  std::vector<SvnNode> nodes_;
  SvnNode node_;
  bool has_content_ = false;
  bool sound_ = true;
  bool root_ = false;
};

/// Takes what `svn proplist -R --xml .` says.
class Properties {
public:
  explicit Properties(SvnTree& tree) : tree_(tree) {}

  Result<void> take(const SvnTag& tag) {
    if (tag.name == "target" && tag.opens) {
      path_ = tag.attribute("path");
    } else if (tag.name == "property" && tag.opens) {
      const std::string_view name = tag.attribute("name");
      if (name == "svn:externals") {
        tree_.externals.push_back(path_);
      } else if (SvnNode* const node = name == "svn:executable" || name == "svn:special" ? find() : nullptr) {
        (name == "svn:special" ? node->special : node->executable) = true;
      }
    }
    return {};
  }

private:
  SvnNode* find() {
    const auto found = std::lower_bound(tree_.nodes.begin(), tree_.nodes.end(), path_,
                                        [](const SvnNode& node, const std::string& path) { return node.path < path; });
    return found != tree_.nodes.end() && found->path == path_ && !found->directory ? &*found : nullptr;
  }

  SvnTree& tree_;
  std::string path_;
};

template <typename Taker>
Result<void> read_xml(const SvnPlace& place, std::vector<std::string> arguments, Taker& taker, std::stop_token stop) {
  SvnXml xml([&](const SvnTag& tag) { return taker.take(tag); });
  const std::string what = "cannot list the working copy with svn " + arguments.front();
  TRY_ASSIGN(const ToolOutcome outcome, run_svn_here(place, std::move(arguments), std::move(stop),
                                                     [&](std::string_view piece) { return xml.feed(piece); }));
  if (outcome.status != 0) {
    return tl::unexpected(tool_failure(outcome, what, place.directory));
  }
  return xml.finish();
}

}  // namespace

Result<std::optional<SvnTree>> list_svn_tree(const SvnPlace& place, const std::string& revision, std::stop_token stop) {
  Entries entries(revision);
  TRY(read_xml(place, {"info", "--recursive", "--xml", "."}, entries, stop));
  auto nodes = entries.finish();
  if (!nodes) {
    return std::optional<SvnTree>();
  }
  SvnTree tree{*std::move(nodes), {}};
  Properties properties(tree);
  TRY(read_xml(place, {"proplist", "--recursive", "--xml", "."}, properties, std::move(stop)));
  std::sort(tree.externals.begin(), tree.externals.end());
  return std::optional(std::move(tree));
}

}  // namespace swarmout
