(function (names, retry, silence) {
  var w = window, heard = 0, over = false, gone = false, cursor, timer;
  // Of what was said before, only the newest of each key is wanted, and not all of that has been told.
  var standing = /[?&]latest(=|&|$)/.test(w.location.search);

  function each(list, call) {
    for (var i = 0; i < list.length; i++) call(list[i]);
  }

  // What is called is looked up each time: the page around may define it late.
  function tell(said) {
    var it = w, own;
    try {
      each(names, function (name) { own = it; it = it[name]; });
      if (typeof it === 'function') it.call(own, said);
      else if (w.parent === w) show(said);
    } catch (error) {
      if (w.console) w.console.error(error);
    }
  }

  // A page of its own shows what it hears.
  function show(said) {
    if (!said.channel && !('body' in said)) return;
    var line = document.createElement('p');
    line.appendChild(document.createTextNode(
      typeof said.body === 'string' ? said.body : JSON.stringify('body' in said ? said.body : said)));
    document.body.appendChild(line);
  }

  // The same page from where it is: when the response has ended, when nothing is heard any more, and before the
  // document has grown large. Not before the server answers: a page of the browser's own would never come back.
  function again(wait) {
    if (over) return;
    over = true;
    clearTimeout(timer);
    setTimeout(look, wait);
  }

  function look() {
    var asks = new XMLHttpRequest();
    asks.onreadystatechange = function () {
      if (asks.readyState !== 4) return;
      if (asks.status >= 200 && asks.status < 300) leave();
      else setTimeout(look, retry * (0.5 + Math.random()));
    };
    asks.open('GET', '/readyz', true);
    asks.send();
  }

  // What still comes is told by the next page.
  function leave() {
    gone = true;
    w.location.replace(address());
  }

  function address() {
    var kept = [];
    if (!cursor) return w.location.href;
    each(w.location.search.slice(1).split('&'), function (pair) {
      if (pair && !/^(after|last|since|latest)(=|$)/.test(pair)) kept.push(pair);
    });
    if (standing) kept.push('latest=true');
    kept.push('after=' + encodeURIComponent(cursor));
    return w.location.pathname + '?' + kept.join('&');
  }

  function watch() {
    clearTimeout(timer);
    timer = setTimeout(function () { again(0); }, silence);
  }

  w.fanfare = function (text, quiet) {
    if (gone) return;
    var said = JSON.parse(text), scripts = document.getElementsByTagName('script');
    var own = scripts[scripts.length - 1];
    if (own) own.parentNode.removeChild(own);
    if (said.cursor) cursor = said.cursor;
    if (said.snapshot) standing = true;
    if (said.caught_up) standing = false;
    watch();
    if (!quiet) tell(said);
    if (said.closing) return again(said.closing.retry_ms);
    if (++heard >= 1000) again(0);
  };

  watch();
  // Not every browser fires an event when a response is cut.
  setInterval(function () {
    if (document.readyState !== 'loading') again(retry * Math.random());
  }, 500);
})
