#include "sandbox/run/wordpress_php.h"

namespace aipress::sandbox::run {
namespace {

constexpr std::string_view kPrepend = R"php(<?php
define('ABSPATH', $_SERVER['DOCUMENT_ROOT'] . '/');
$GLOBALS['sandbox_instance'] = json_decode(file_get_contents($_SERVER['SANDBOX_FOLDER'] . '/instance.json'), true);
foreach ($GLOBALS['sandbox_instance']['environment'] as $name => $value) {
    putenv("$name=$value");
    $_ENV[$name] = $value;
}
unset($name, $value);
)php";

constexpr std::string_view kConfiguration = R"php(<?php
// The plain names, or those of Docker's image.
function sandbox_setting($name, $otherwise = '')
{
    foreach ([$name, 'WORDPRESS_' . $name] as $variable) {
        $value = getenv($variable);
        if ($value !== false) {
            return $value;
        }
    }
    return $otherwise;
}

define('DB_NAME', sandbox_setting('DB_NAME', 'wordpress'));
define('DB_USER', sandbox_setting('DB_USER', 'wordpress'));
define('DB_PASSWORD', sandbox_setting('DB_PASSWORD'));
define('DB_HOST', sandbox_setting('DB_HOST', '127.0.0.1'));
define('DB_CHARSET', sandbox_setting('DB_CHARSET', 'utf8mb4'));
define('DB_COLLATE', sandbox_setting('DB_COLLATE'));

$sandbox_scheme = ($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https' ? 'https' : 'http';
$sandbox_home = sandbox_setting('WP_HOME', $sandbox_scheme . '://' . ($_SERVER['HTTP_HOST'] ?? 'localhost'));
// Cloud Run ends TLS in front of the container.
if (str_starts_with($sandbox_home, 'https://')) {
    $_SERVER['HTTPS'] = 'on';
}
define('WP_HOME', $sandbox_home);
define('WP_SITEURL', sandbox_setting('WP_SITEURL', $sandbox_home));
define('WP_CONTENT_DIR', ABSPATH . 'wp-content');

define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISALLOW_FILE_MODS', true);
define('WP_DEBUG', sandbox_setting('WP_DEBUG') === '1' || sandbox_setting('WP_DEBUG') === 'true');

foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $sandbox_scheme) {
    foreach (['KEY', 'SALT'] as $sandbox_part) {
        $sandbox_name = $sandbox_scheme . '_' . $sandbox_part;
        // Those that nobody sets WordPress makes and keeps in wp_options: they move with the database.
        if (sandbox_setting($sandbox_name) !== '') {
            define($sandbox_name, sandbox_setting($sandbox_name));
        }
    }
}

$table_prefix = sandbox_setting('TABLE_PREFIX', 'wp_');
require_once ABSPATH . 'wp-settings.php';
)php";

constexpr std::string_view kPlugin = R"php(<?php
/*
Plugin Name: Sandbox
Description: Keeps WordPress inside of the sandbox.
*/

add_filter('pre_wp_mail', '__return_false');

if ($GLOBALS['sandbox_instance']['bucket'] !== '') {
    stream_wrapper_register('bucket', 'Sandbox_Bucket');
    // The addresses stay those of wp-content/uploads.
    add_filter('upload_dir', function ($folders) {
        $base = 'bucket://' . $GLOBALS['sandbox_instance']['bucket'];
        $folders['basedir'] = $base;
        $folders['path'] = $base . $folders['subdir'];
        return $folders;
    });
}

// bucket://BUCKET/NAME, of an object in the folder that is mounted. A file is read whole when it is
// opened, and written whole when it is closed.
class Sandbox_Bucket
{
    public $context;
    private $path;
    private $text = '';
    private $at = 0;
    private $is_changed = false;
    private $names = [];

    private static function call($verb, $path, $body = null, $type = '')
    {
        $headers = "Authorization: Bearer sandbox-run\r\n" . ($type === '' ? '' : "Content-Type: $type\r\n");
        $options = ['method' => $verb, 'header' => $headers, 'ignore_errors' => true, 'timeout' => 30];
        if ($body !== null) {
            $options['content'] = $body;
        }
        $text = @file_get_contents($_SERVER['SANDBOX_STORAGE'] . $path, false, stream_context_create(['http' => $options]));
        $status = isset($http_response_header[0]) ? (int) (explode(' ', $http_response_header[0])[1] ?? 0) : 0;
        return [$status, $text === false ? '' : $text];
    }

    // "2026/05/a.jpg", without the folder, "." and ".."; null: it is outside of what is mounted.
    private static function name_of($path)
    {
        [$bucket, $rest] = explode('/', substr($path, strlen('bucket://')) . '/', 2);
        if ($bucket !== $GLOBALS['sandbox_instance']['bucket']) {
            return null;
        }
        $parts = [];
        foreach (explode('/', $rest) as $part) {
            if ($part === '..' && array_pop($parts) === null) {
                return null;
            }
            if (!in_array($part, ['', '.', '..'], true)) {
                $parts[] = $part;
            }
        }
        return implode('/', $parts);
    }

    private static function objects()
    {
        return '/storage/v1/b/' . $GLOBALS['sandbox_instance']['bucket'] . '/o';
    }

    private static function object_of($name)
    {
        return rawurlencode($GLOBALS['sandbox_instance']['folder'] . $name);
    }

    // Of a file; null: it cannot be one.
    private static function address($path)
    {
        $name = self::name_of($path);
        return $name === null || $name === '' ? null : self::objects() . '/' . self::object_of($name);
    }

    private static function read($path)
    {
        $address = self::address($path);
        [$status, $text] = $address === null ? [404, ''] : self::call('GET', $address . '?alt=media');
        return $status === 200 ? $text : null;
    }

    private static function write($path, $text)
    {
        if (self::address($path) === null) {
            return false;
        }
        $name = self::name_of($path);
        $type = wp_check_filetype(basename($name))['type'] ?: 'application/octet-stream';
        $address = '/upload' . self::objects() . '?uploadType=media&name=' . self::object_of($name);
        return self::call('POST', $address, $text, $type)[0] === 200;
    }

    public function stream_open($path, $mode, $options, &$opened)
    {
        $this->path = $path;
        $kind = $mode[0];
        $there = $kind === 'w' ? null : self::read($path);
        if (self::address($path) === null || ($kind === 'r' && $there === null) || ($kind === 'x' && $there !== null)) {
            return false;
        }
        $this->text = $there ?? '';
        $this->at = $kind === 'a' ? strlen($this->text) : 0;
        $this->is_changed = $kind !== 'r' && $there === null;
        return true;
    }

    public function stream_read($count)
    {
        $piece = substr($this->text, $this->at, $count);
        $this->at += strlen($piece);
        return $piece;
    }

    public function stream_write($piece)
    {
        $this->text = substr($this->text, 0, $this->at) . $piece . substr($this->text, $this->at + strlen($piece));
        $this->at += strlen($piece);
        $this->is_changed = true;
        return strlen($piece);
    }

    public function stream_flush()
    {
        if (!$this->is_changed) {
            return true;
        }
        $this->is_changed = !self::write($this->path, $this->text);
        return !$this->is_changed;
    }

    public function stream_close() { $this->stream_flush(); }
    public function stream_eof() { return $this->at >= strlen($this->text); }
    public function stream_tell() { return $this->at; }
    public function stream_stat() { return self::status(0100666, strlen($this->text)); }
    public function stream_lock($operation) { return true; }
    public function stream_metadata($path, $option, $value) { return true; }
    public function stream_set_option($option, $first, $second) { return false; }

    public function stream_seek($offset, $whence)
    {
        $base = [SEEK_SET => 0, SEEK_CUR => $this->at, SEEK_END => strlen($this->text)][$whence];
        if ($base + $offset < 0) {
            return false;
        }
        $this->at = $base + $offset;
        return true;
    }

    public function stream_truncate($size)
    {
        $this->text = str_pad(substr($this->text, 0, $size), $size, "\0");
        $this->is_changed = true;
        return true;
    }

    private static function status($mode, $size)
    {
        return ['dev' => 0, 'ino' => 0, 'mode' => $mode, 'nlink' => 1, 'uid' => 0, 'gid' => 0, 'rdev' => 0,
            'size' => $size, 'atime' => 0, 'mtime' => 0, 'ctime' => 0, 'blksize' => -1, 'blocks' => -1];
    }

    // A bucket has no folders: a name without an extension is one, as if it were there.
    public function url_stat($path, $flags)
    {
        $name = self::name_of($path);
        if ($name === null) {
            return false;
        }
        if (pathinfo($name, PATHINFO_EXTENSION) === '') {
            return self::status(0040777, 0);
        }
        [$status, $text] = self::call('GET', self::address($path));
        return $status === 200 ? self::status(0100666, (int) json_decode($text, true)['size']) : false;
    }

    public function mkdir($path, $mode, $options) { return self::name_of($path) !== null; }
    public function rmdir($path, $options) { return self::name_of($path) !== null; }

    public function unlink($path)
    {
        $address = self::address($path);
        return $address !== null && self::call('DELETE', $address)[0] < 300;
    }

    public function rename($from, $to)
    {
        $text = self::read($from);
        return $text !== null && self::write($to, $text) && $this->unlink($from);
    }

    public function dir_opendir($path, $options)
    {
        $name = self::name_of($path);
        if ($name === null) {
            return false;
        }
        $prefix = $GLOBALS['sandbox_instance']['folder'] . ($name === '' ? '' : "$name/");
        $this->names = [];
        $token = '';
        do {
            [$status, $text] = self::call('GET', self::objects() . '?delimiter=%2F&prefix=' . rawurlencode($prefix)
                . ($token === '' ? '' : '&pageToken=' . rawurlencode($token)));
            if ($status !== 200) {
                return false;
            }
            $page = json_decode($text, true);
            foreach ($page['items'] ?? [] as $item) {
                $this->names[] = substr($item['name'], strlen($prefix));
            }
            foreach ($page['prefixes'] ?? [] as $folder) {
                $this->names[] = trim(substr($folder, strlen($prefix)), '/');
            }
            $token = $page['nextPageToken'] ?? '';
        } while ($token !== '');
        return true;
    }

    public function dir_readdir() { return $this->names === [] ? false : array_shift($this->names); }
    public function dir_closedir() { return true; }
}
)php";

}  // namespace

std::string_view prepend_php() {
    return kPrepend;
}

std::string_view configuration_php() {
    return kConfiguration;
}

std::string_view plugin_php() {
    return kPlugin;
}

}  // namespace aipress::sandbox::run
