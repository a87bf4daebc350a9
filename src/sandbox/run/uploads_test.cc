// Buckets and folders of buckets that are mounted at wp-content/uploads, through a real WordPress.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "http/base64.h"
#include "testing/served_sites.h"
#include "testing/wire.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;
using aipress::testing::kWordPressImage;
using aipress::testing::Wire;
using aipress::testing::WordPressSiteTest;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr auto* kUploads = "/var/www/html/wp-content/uploads";

class RunUploadsTest : public WordPressSiteTest {
protected:
    [[nodiscard]] json::object mounted(json::array options = {}) const {
        json::object gcs{{"bucket", "media"}};
        if (!options.empty()) gcs["mountOptions"] = std::move(options);
        json::array const mounts{json::object{{"name", "m"}, {"mountPath", kUploads}}};
        return {{"template",
                 {{"volumes", json::array{json::object{{"name", "m"}, {"gcs", std::move(gcs)}}}},
                  {"containers", json::array{json::object{{"image", kWordPressImage},
                                                          {"env", environment()},
                                                          {"volumeMounts", mounts}}}}}}};
    }
    void make_bucket() {
        host_->post("/storage/v1/b?project=sandbox-project", {{"name", "media"}});
    }
    void put(std::string const& name, std::string const& text) {
        auto const path = "/upload/storage/v1/b/media/o?uploadType=media&name=" + name;
        EXPECT_EQ(host_->call("POST", path, text, {{"Content-Type", "text/plain"}}).status, 200);
    }
    std::vector<std::string> objects() {
        std::vector<std::string> names;
        auto const listed = host_->get("/storage/v1/b/media/o").body;
        if (!listed.as_object().contains("items")) return names;
        for (auto const& item : listed.at("items").as_array()) {
            names.emplace_back(item.at("name").as_string());
        }
        return names;
    }
    // Through WordPress.
    void upload(std::string const& host, std::string const& name, std::string const& bytes) {
        auto const call = fmt::format(
            "<?xml version=\"1.0\"?><methodCall><methodName>wp.uploadFile</methodName><params>"
            "<param><value><int>1</int></value></param><param><value><string>admin</string></value>"
            "</param><param><value><string>secret-of-admin</string></value></param><param><value>"
            "<struct><member><name>name</name><value><string>{}</string></value></member>"
            "<member><name>type</name><value><string>text/plain</string></value></member><member>"
            "<name>bits</name><value><base64>{}</base64></value></member></struct></value></param>"
            "</params></methodCall>",
            name, http::encode_base64(bytes));
        auto const uploaded = ask(host, "POST", "/xmlrpc.php", call, "text/xml");
        EXPECT_THAT(uploaded.text, HasSubstr("/wp-content/uploads/")) << uploaded.text;
    }
    // What a script of the site's own prints.
    std::string run(std::string const& host, std::string const& script) {
        auto const file = host_->data() / "run/revisions/r1/root/probe.php";
        std::ofstream(file) << "<?php require __DIR__ . '/wp-load.php'; " << script;
        return visit(host, "/probe.php").text;
    }
    // The path as it is: a client of its own would tidy it up.
    std::string answer_to(std::string const& host, std::string const& path) {
        Wire wire(host_->sandbox().web_port());
        wire.say(fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", path, host));
        return wire.hear_all();
    }
};

TEST_F(RunUploadsTest, UploadsAreInTheBucket) {
    make_bucket();
    auto const host = deploy("shop", mounted());
    ASSERT_NO_FATAL_FAILURE(install(host));
    put("2020%2Fa%20b.txt", "from outside");
    EXPECT_EQ(visit(host, "/wp-content/uploads/2020/a%20b.txt").text, "from outside");
    EXPECT_EQ(visit(host, "/wp-content/uploads/2020/none.txt").status, 404);
    upload(host, "note.txt", "from inside");
    auto const names = objects();
    ASSERT_EQ(names.size(), 2);
    EXPECT_THAT(names[1], HasSubstr("note.txt"));
    EXPECT_EQ(visit(host, "/wp-content/uploads/" + names[1]).text, "from inside");
}

TEST_F(RunUploadsTest, UploadsAreInAFolderOfTheBucket) {
    make_bucket();
    auto const host =
        deploy("shop", mounted({"implicit-dirs", "only-dir=tenants//tenant-001/", "unheard-of"}));
    ASSERT_NO_FATAL_FAILURE(install(host));
    put("tenants%2Ftenant-001%2F2020%2Fa%20b%2525.txt", "from outside");
    EXPECT_EQ(visit(host, "/wp-content/uploads/2020/a%20b%2525.txt").text, "from outside");
    std::string bytes;
    for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 7);
    upload(host, "note.txt", bytes);
    auto const names = objects();
    ASSERT_EQ(names.size(), 2);
    ASSERT_THAT(names[1], MatchesRegex("tenants/tenant-001/[0-9]{4}/[0-9]{2}/note\\.txt"));
    auto const name = names[1].substr(std::string("tenants/tenant-001/").size());
    EXPECT_EQ(visit(host, "/wp-content/uploads/" + name).text, bytes);
    // All that PHP does with files is in the folder.
    EXPECT_EQ(run(host,
                  "$d = wp_upload_dir()['basedir']; file_put_contents(\"$d/x/1.txt\", 'one');"
                  "rename(\"$d/x/1.txt\", \"$d/x/2.txt\"); unlink(\"$d/2020/a b%25.txt\");"
                  "echo implode(',', scandir(\"$d/x\")), file_get_contents(\"$d/x/2.txt\");"),
              "2.txtone");
    EXPECT_THAT(objects(), ::testing::ElementsAre(names[1], "tenants/tenant-001/x/2.txt"));
}

TEST_F(RunUploadsTest, NothingOutsideOfTheFolderIsSeen) {
    make_bucket();
    auto const host = deploy("shop", mounted({"only-dir=tenants/tenant-001"}));
    ASSERT_NO_FATAL_FAILURE(install(host));
    put("tenants%2Ftenant-002%2Fx.txt", "of another");
    put("x.txt", "of another");
    for (auto const* const path :
         {"/wp-content/uploads/x.txt", "/wp-content/uploads/tenants/tenant-002/x.txt",
          "/wp-content/uploads/../tenant-002/x.txt", "/wp-content/uploads/%2e%2e/tenant-002/x.txt",
          "/wp-content/uploads/..%2Ftenant-002%2Fx.txt",
          "/wp-content/uploads/a/%2E%2E/..%2ftenant-002/x.txt",
          "/wp-content/uploads/%252e%252e%252ftenant-002%252fx.txt"}) {
        EXPECT_THAT(answer_to(host, path), ::testing::Not(HasSubstr("of another"))) << path;
    }
    auto const probe = [&](std::string const& expression) {
        return run(host, fmt::format("$d = wp_upload_dir()['basedir']; "
                                     "echo json_encode({});",
                                     expression));
    };
    EXPECT_EQ(probe("@file_get_contents(\"$d/../tenant-002/x.txt\")"), "false");
    EXPECT_EQ(probe("@file_get_contents(\"$d/a/../../../x.txt\")"), "false");
    EXPECT_EQ(probe("@file_get_contents('bucket://other/x.txt')"), "false");
    EXPECT_EQ(probe("@file_put_contents(\"$d/../tenant-002/y.txt\", 'y')"), "false");
    EXPECT_EQ(probe("@unlink(\"$d/../tenant-002/x.txt\")"), "false");
    EXPECT_EQ(probe("@scandir(\"$d/..\")"), "false");
    EXPECT_EQ(probe("@scandir($d)"), "[]");
    EXPECT_EQ(probe("file_exists(\"$d/../tenant-002/x.txt\")"), "false");
    // What stays inside is the file that it says.
    EXPECT_EQ(probe("[file_put_contents(\"$d/a/../z.txt\", 'z'), file_get_contents(\"$d/z.txt\")]"),
              "[1,\"z\"]");
    EXPECT_THAT(objects(), ::testing::ElementsAre("tenants/tenant-001/z.txt",
                                                  "tenants/tenant-002/x.txt", "x.txt"));
}

TEST_F(RunUploadsTest, AFolderMayHaveAnyName) {
    make_bucket();
    auto const host = deploy("shop", mounted({"only-dir=a", "only-dir=t; }\"$1 é%2F/./x"}));
    put("t%3B%20%7D%22%241%20%C3%A9%252F%2Fx%2Fa.txt", "odd");
    EXPECT_EQ(visit(host, "/wp-content/uploads/a.txt").text, "odd");
}

}  // namespace
}  // namespace aipress::sandbox::run
