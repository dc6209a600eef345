<?php
// A customer area that sets WHMCS's four cookies, as `php -S` serves it. It knows nothing of any guard.

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$year = time() + 365 * 86400;

if (isset($_GET['aff'])) {
    setcookie('WHMCSAffiliateID', $_GET['aff'], ['expires' => time() + 90 * 86400, 'path' => '/']);
    setcookie('WHMCSLinkID', '7', ['expires' => time() + 90 * 86400, 'path' => '/']);
}
session_name('WHMCSInstanceID');
session_start();

if ($path === '/clientarea/login' && $_SERVER['REQUEST_METHOD'] === 'POST') {
    $_SESSION['user'] = $_POST['user'];
    setcookie('WHMCSUser', bin2hex(random_bytes(8)), ['expires' => $year, 'path' => '/', 'httponly' => true]);
    header('Location: /clientarea', true, 303);
    exit;
}
if ($path === '/clientarea/logout') {
    session_destroy();
    setcookie('WHMCSUser', '', ['expires' => 1, 'path' => '/']);
    header('Location: /', true, 303);
    exit;
}
$user = htmlspecialchars($_SESSION['user'] ?? 'nobody');
$seen = implode(' ', array_keys($_COOKIE));
$sent = isset($_FILES['file']) ? hash_file('sha256', $_FILES['file']['tmp_name']) : 'nothing';
?>
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Northpeak Hosting</title><link rel="icon" href="data:,"></head>
<body>
<h1>Northpeak Hosting</h1>
<p id="user"><?= $user ?></p>
<p id="seen"><?= $seen ?></p>
<p id="sent"><?= $sent ?></p>
<p id="address"><?= $_SERVER['HTTP_X_FORWARDED_PROTO'] . '://' . $_SERVER['HTTP_HOST'] . ' ' . $_SERVER['HTTP_X_FORWARDED_FOR'] ?></p>
<form method="post" action="/clientarea/login"><input name="user" value="anna"><button id="login">Log in</button></form>
<form method="post" action="/clientarea/ticket" enctype="multipart/form-data">
<input type="file" name="file"><button id="send">Send</button>
</form>
<a id="logout" href="/clientarea/logout">Log out</a>
</body>
</html>
