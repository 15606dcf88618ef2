// A camera that needs none: a clock over a landscape, drawn and published as a JPEG.

const [WIDTH, HEIGHT, PAUSE] = [480, 240, 250];

export class Camera {
  #timer = 0;
  #canvas = document.createElement("canvas");
  #publishing = false;

  /** @param {string} path where its images are published */
  constructor(path) {
    this.path = path;
    [this.#canvas.width, this.#canvas.height] = [WIDTH, HEIGHT];
  }

  start() {
    this.stop();
    this.#timer = window.setInterval(() => this.#shoot(), PAUSE);
  }

  stop() {
    clearInterval(this.#timer);
  }

  async #shoot() {
    if (this.#publishing) return;
    this.#publishing = true;
    try {
      this.#draw(new Date());
      const body = await new Promise((resolve) => this.#canvas.toBlob(resolve, "image/jpeg", 0.8));
      await fetch(this.path, { method: "POST", headers: { "Content-Type": "image/jpeg" }, body });
    } catch {
      // The next image comes soon.
    } finally {
      this.#publishing = false;
    }
  }

  /** @param {Date} now */
  #draw(now) {
    const paint = this.#canvas.getContext("2d");
    if (!paint) return;
    const second = now.getSeconds() + now.getMilliseconds() / 1000;
    const sky = paint.createLinearGradient(0, 0, 0, HEIGHT);
    sky.addColorStop(0, "#24425e");
    sky.addColorStop(1, "#e9b872");
    paint.fillStyle = sky;
    paint.fillRect(0, 0, WIDTH, HEIGHT);
    // The sun goes over once a minute.
    const way = (second / 60) * Math.PI;
    paint.fillStyle = "#fff3cf";
    paint.beginPath();
    paint.arc(WIDTH / 2 - Math.cos(way) * WIDTH * 0.42, HEIGHT * 0.8 - Math.sin(way) * HEIGHT * 0.6, 18, 0, 2 * Math.PI);
    paint.fill();
    for (const [depth, colour] of [[0.62, "#6b5b6e"], [0.74, "#463f52"], [0.86, "#2a2835"]]) {
      paint.fillStyle = String(colour);
      paint.beginPath();
      paint.moveTo(0, HEIGHT);
      for (let x = 0; x <= WIDTH; x += 8) {
        const wave = Math.sin(x / (90 * Number(depth)) + Number(depth) * 9) + Math.sin(x / 37 + Number(depth) * 5) / 2;
        paint.lineTo(x, HEIGHT * Number(depth) - wave * 14);
      }
      paint.lineTo(WIDTH, HEIGHT);
      paint.fill();
    }
    paint.fillStyle = "#fff8e6";
    paint.font = "600 40px ui-monospace, Consolas, 'DejaVu Sans Mono', monospace";
    paint.textAlign = "center";
    paint.fillText(now.toTimeString().slice(0, 8), WIDTH / 2, HEIGHT - 22);
    paint.fillRect(0, HEIGHT - 6, (WIDTH * second) / 60, 6);
  }
}
