"""Documents as they are found: how pages begin, what stands in them, and fragments."""

from __future__ import annotations

BOM = "\ufeff"
_XHTML = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"\n "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
_BOILERPLATE = """<!doctype html>
<!--[if lt IE 7]> <html class="no-js ie6"> <![endif]-->
<!--[if gt IE 8]><!--> <html class="no-js" lang="de"> <!--<![endif]-->
<head>|
"""

# How pages begin, up to what the body opens with; `|` is where the tag goes.
PROLOGUES: dict[str, str] = {
    "plain": "<!doctype html><html><head>|<title>t</title></head><body>",
    "with-space": "\n <!DOCTYPE html>\n\n<html lang='en'>\n  <head>|\n    <meta charset=utf-8>\n</head>\n<body>",
    "no-head": "<!doctype html><html>|<body>",
    "no-head-space": "<!doctype html>\n<html>\n  |<title>t</title>\n<body>",
    "no-html": "<!doctype html>\n|<title>t</title>\n",
    "doctype-text": "<!doctype html>|Hello ",
    "doctype-alone": "<!doctype html>\n",
    "no-doctype": "<html><head>|<title>t</title></head><body>",
    "head-alone": "<head>|<title>t</title></head>",
    "body-alone": "|<body class=x>",
    "meta-first": "|<meta charset=utf-8><title>t</title>",
    "base-first": "|<base href='/'>",
    "title-then-meta": "|<title>t</title>\n<meta charset=utf-8>",
    "title-then-body": "\n|<title>a < b</title >\n<!-- c -->\n<body>",
    "title-then-head": "<!-- -->|<title>a</title><head>",
    "head-closed": "<!doctype html><html>|</head><body>",
    "end-tag-first": "<!doctype html>|</p><title>t</title>",
    "comment-first": "<!-- a > b --><!doctype html><!-- <head> --><html><!-- --><head>|<!-- in head --><title>t</title>",
    "abrupt-comments": "<!--><!---><!doctype html><html><!-- --!><head>|",
    "bogus-comments": "<!doctype html><?php x ?><!x><html><head>|",
    "conditional": _BOILERPLATE + "<meta charset='utf-8'><title>t</title></head><body>",
    "downlevel-revealed": "<!doctype html><![if IE]><html><![endif]><head>|",
    "bom": BOM + "<!doctype html><html><head>|",
    "bom-space": BOM + "\r\n<!doctype html>\r\n<html>\r\n<head>|\r\n<title>t</title>\r\n",
    "xhtml": f'<?xml version="1.0" encoding="utf-8"?>\n{_XHTML}\n<html xmlns="http://www.w3.org/1999/xhtml"'
    ' xml:lang="fr">\n<head>|\n<title>t</title></head><body>',
    "transitional": '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN"><HTML><HEAD>|<TITLE>T</TITLE></HEAD>',
    "legacy-compat": '<!DOCTYPE html SYSTEM "about:legacy-compat"><html><head>|',
    "doctype-with-a-quoted-end": '<!DOCTYPE html PUBLIC "a>|b">',
    "odd-doctypes": "<!doctype><!DOCTYPE svg><!doctypehtml><html><head>|",
    "upper-case": "<!DOCTYPE HTML><HTML LANG=EN><HEAD PROFILE='x>y'>|<TITLE>T</TITLE></HEAD><BODY>",
    "quotes": "<!doctype html><html data-a='>' data-b=\">\" c=d'e\"f lang='x'><head data-x='<head>' / y>|<title></title>",
    "odd-attributes": "<!doctype html><html = a b = 'c' =d/e><head/>|<title>t</title>",
    "two-htmls": "<!doctype html><html lang=da><html class=x lang=sv><head>|",
    "head-later": "<!doctype html>|<p>a<head><p>b",
    "header": "<!doctype html><html>|<header>a</header>",
    "frameset": "<!doctype html><html><head>|<title>t</title></head><frameset><frame src='/a'></frameset>",
    "frameset-without-head": "<html>|<frameset><frame src='/a'></frameset>",
    "nul": "<!doctype html><html>|\0<head><title>t</title>",
    "form-feed": "\f<!doctype html>\f<html\flang=x\f>\f<head\f>|\f<title>t</title>",
    "unclosed-comment": "<!doctype html><html>|<!-- to the end",
    "unclosed-tag": "<!doctype html>|<p class='x",
    "script-first": "<!doctype html>|<script>'<head>'</script><title>t</title>",
    "template-first": "<!doctype html>|<template><p>x</template>",
    "noscript-first": "<!doctype html>|<noscript><link rel=x></noscript>",
}

FRAGMENTS: dict[str, str] = {
    "empty": "",
    "space": " \n ",
    "text": "Hello <b>there</b>",
    "p": "<p>Hello</p>",
    "div": "\n<div>Hello</div>",
    "row": "<tr><td>1</td></tr>",
    "script": "<script>1</script>",
    "style": "<style>a{}</style><p>x",
    "link": "<link rel=stylesheet href=/a.css><p>x",
    "title": "<title>New page</title><main>htmx</main>",
    "title-alone": "<title>New page</title>",
    "title-open": "<title>New page",
    "turbo": '<turbo-stream action="append"><template><div>x</div></template></turbo-stream>',
    "comment": "<!-- from the cache --><div>x</div>",
    "unclosed-comment": "<!-- <!doctype html><html>",
    "header": "<header>x</header>",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><head/></svg>',
    "xml-declaration": '<?xml version="1.0"?><p>x',
    "end-tag": "</div>",
    "lone-bracket": "< html>",
    "cut": "<htm",
    "json": '{"a": "<html>"}',
}

# What stands in pages: nothing of it to be believed before it is read.
BODIES: dict[str, str] = {
    "none": "",
    "script": '<script src="https://held.test/a.js"></script>',
    "async": "<script async src='//sub.held.test/a.js' data-x=\"a>b\"></script>",
    "upper-case": "<SCRIPT SRC=HTTPS://HELD.TEST/A.JS></SCRIPT>",
    "first-party": '<script src="/held.test/a.js"></script><img src="https://other.test/?u=//held.test">',
    "unquoted": "<img src=//held.test/a.png alt=x><img alt=a/src=//held.test/b.png>",
    "slashes": "<img/src=//held.test/a/><img/src='//held.test/b'/alt=x><iframe/src=\\\\held.test>",
    "no-space": "<img alt='a'src='//held.test/a.png'title=\"b\">",
    "around-equals": "<img\nsrc\t=\r\n'//held.test/a.png'\f>",
    "equals-first": "<img =src='//held.test/a' src='//held.test/b>'>",
    "duplicates": "<img src=/a src=//held.test><img src=//held.test SRC=//held.test src=/b>",
    "references": '<img src="&#47;&#x2F;held&period;test/a"><img src=&sol;&sol;held.test><img src="//&#104;eld.test">',
    "no-references": '<a href="?a&amp=//held.test"></a><img src="/x?a&sol//held.test&sol=1">',
    "inside-quotes": '<a title="<script src=//held.test>">x</a>',
    "in-comments": "<!-- <img src=//held.test> --><!--><img src=//held.test><!-- --!><img src=//held.test>",
    "nested-comment": "<!-- <!-- <img src=//held.test> --> <img src=//held.test> -->",
    "dashes": "<!------><img src=//held.test><!----!><img src=//held.test><!-- - -- --- ->a--->",
    "bogus": "<!x '><img src=//held.test>'><?x ?><img src=//held.test></ '><img src=//held.test>",
    "in-script": "<script>var a = '<img src=//held.test>';</script><img src=//held.test>",
    "script-in-script": "<script><!-- <script> '<img src=//held.test>' </script> <img src=//held.test> --></script>"
    "<img src=//held.test>",
    "script-comment-open": "<script><!-- '<script' </script><img src=//held.test>",
    "script-abrupt": "<script><!--><script></script><img src=//held.test><script><!---></script><img src=//held.test>",
    "script-no-end": "<script></scriptx></script-></script/><img src=//held.test>",
    "in-style": "<style><img src=//held.test></styl></style\n><img src=//held.test>",
    "in-title": "<title><img src=//held.test></title><textarea><img src=//held.test></textarea x='>'>",
    "in-iframe": "<iframe><img src=//held.test></iframe><noembed><img src=//held.test></noembed>",
    "in-xmp": "<xmp><img src=//held.test></xmp><noframes><img src=//held.test></noframes>",
    "plaintext": "<img src=//held.test><plaintext><img src=//held.test></plaintext>",
    "raw-open": "<textarea><img src=//held.test>",
    "noscript": '<noscript><img height="1" src="https://held.test/tr?id=1"/></noscript>',
    "noscript-iframe": '<noscript><iframe src="https://held.test/ns.html" height=0></iframe></noscript><img src=//held.test>',
    "noscript-open": "<noscript><p><img src=//held.test>",
    "template": "<template><script src=//held.test></script></template>",
    "image": "<image src=//held.test>",
    "svg": '<svg viewBox="0 0 1 1"><image href="//held.test/a"/><script xlink:href="//held.test/b"/><path d="M0"/></svg>'
    "<img src=//held.test>",
    "icons": '<svg class="i"><title>Close</title><g><path d="M0 0"/><circle r="1"></circle></g><use xlink:href="#a"></use></svg>'
    '<svg><use href="//held.test/i.svg#a"/><use href="#b"/></svg>',
    "svg-style": "<svg><style><img src=//held.test></style></svg><style><img src=//held.test></style>",
    "svg-title": "<svg><title><style><img src=//held.test></style></title><title/><img src=//held.test></svg>",
    "svg-foreign-object": "<svg><foreignObject><div><style><img src=//held.test></style></div></foreignObject><style>"
    "<image href=//held.test /></style></svg>",
    "svg-break-out": "<svg><g><div><style><img src=//held.test></style></div>",
    "svg-font": "<svg><font><style><image href=//held.test /></style></font><font color=red><style><img src=//held.test>",
    "svg-self-closed": "<svg/><style><img src=//held.test></style><svg a=b/><style><image href=//held.test /></style></svg>",
    "cdata": "<![CDATA[ > <img src=//held.test> ]]><svg><![CDATA[ > <image href=//held.test /> ]]><image href=//held.test /></svg>",
    "math": "<math><mi><style><img src=//held.test></style></mi><mglyph><style><image href=//held.test /></style></math>",
    "math-annotation": "<math><annotation-xml encoding='Text/HTML'><style><img src=//held.test></style></annotation-xml>"
    "<annotation-xml><style><image href=//held.test /></style><svg><style><image href=//held.test /></style></svg></math>",
    "math-breaks-out": "<math><mtext><mglyph></mglyph><img src=//held.test></mtext><img src=//held.test></math>",
    "svg-closed-from-outside": "<div><svg><g></div><style><img src=//held.test></style>",
    "table": "<table background=//held.test><tr><td BACKGROUND = '//held.test/a'>x<td style='background:red'></table>",
    "links": "<link rel=stylesheet href=//held.test/a.css><link rel='Alternate StyleSheet' href=//held.test/b>"
    "<link href=//held.test rel=canonical><link rel=preload as=image imagesrcset='/a, //held.test 2x'>"
    "<link href=//held.test><link rel=preconnect href=https://held.test>",
    "media": "<video poster=//held.test src=/a><source src=//held.test><track src=//held.test></video>"
    "<audio src=//held.test></audio><object data=//held.test></object><embed src=//held.test>",
    "inputs": "<input type=IMAGE src=//held.test><input src=//held.test><input type=text src=//held.test>",
    "srcset": "<img src=/a srcset='/a 1x,//held.test/b 2x'><picture><source srcset=//held.test></picture>",
    "srcdoc": "<iframe srcdoc='<script src=//held.test></script>'></iframe><iframe srcdoc='&lt;p&gt;//held.test'></iframe>"
    '<iframe srcdoc="&lt;img src=&quot;&amp;#47;/held.test&quot;>"></iframe>',
    "base": "<base href='https://held.test/lib/'><script src=a.js></script><script src=/b.js></script><img src=//other.test>",
    "base-late": "<img src=/a><base target=x><base href=/x><base href=//held.test><img src=/b>",
    "nul": "<img s\0rc=//held.test src=//he\0ld.test><img src=//held.test\0><scr\0ipt src=//held.test>",
    "line-ends": "<img\r\nsrc=//held.test\r\n><img src='/\r\n/held.test'><img src='//he\tld.test'>",
    "letters": "<img src='//\uff48eld.test'><p>\u4e2d\u6587 \U0001f36a</p>",
    "lone": "a < b << c <3 <> </> <",
    "select": "<select><option>a<img src=//held.test></select>",
    "cut-tag": "<p>a<img src=//held.test",
    "cut-quote": "<p>a<img title='x> <img src=//held.test>",
    "cut-comment": "<p>a<!-- <img src=//held.test>",
}
