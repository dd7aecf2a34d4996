// npm: matter-js three
import Matter from "matter-js"; import * as THREE from "three";
const e = Matter.Engine.create(), a = Matter.Bodies.circle(50, 0, 10), b = Matter.Bodies.rectangle(50, 80, 200, 10, { isStatic: true });
Matter.Composite.add(e.world, [a, b]); for (let i = 0; i < 120; i++) Matter.Engine.update(e, 16);
print(a.position.x.toFixed(4), a.position.y.toFixed(4));
const g = new THREE.TorusGeometry(3, 1, 8, 12), q = new THREE.Quaternion().setFromEuler(new THREE.Euler(1, 2, 3)), v = new THREE.Vector3(1, 2, 3).applyQuaternion(q); g.computeBoundingSphere();
print(g.attributes.position.count, g.boundingSphere.radius.toFixed(6), v.toArray().map(x => x.toFixed(6)).join(), new THREE.Matrix4().compose(v, q, v).invert().determinant().toFixed(9), new THREE.Color("hsl(30, 50%, 40%)").getHexString());
